import FoundationEssentials

/// A `tokenizer.json`, ready to cut text as the `tokenizers` library does.
///
/// With a unigram model it differs from the `sentencepiece` library in its sums (double precision),
/// its normalisation (by grapheme clusters) and in cutting at spaces first. Source:
/// huggingface/tokenizers v0.20 to v0.23 and huggingface/spm_precompiled v0.1.
struct JSONTokenizer: Sendable {
  let pieceCount: Int
  /// Ids before and after each text.
  let before: [Int]
  let after: [Int]

  /// What cuts words into pieces.
  private enum Model: Sendable {
    case unigram(UnigramWords)
    case bytePairs(BytePairs)

    func append(_ word: [UInt8], to ids: inout [Int]) {
      switch self {
      case .unigram(let model): model.append(word, to: &ids)
      case .bytePairs(let model): ids += model.ids(of: word)
      }
    }
  }

  private let model: Model
  private let normalizers: [TextStep]
  private let preTokenizer: TokenizerJSON.PreTokenizerSpec?
  private let rawTokens: AddedTokens
  private let normalizedTokens: AddedTokens

  init(_ file: [UInt8], name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    let spec: TokenizerJSON
    do {
      spec = try JSONDecoder().decode(TokenizerJSON.self, from: Data(file))
    } catch let error as TokenizerJSON.Unsupported {
      throw TokenizerError.unsupported(file: name, feature: error.feature)
    } catch let error as DecodingError {
      throw refuse(Self.problem(error))
    }
    let added = spec.addedTokens ?? []
    guard added.allSatisfy({ (1...PieceTrie.maxPieceBytes).contains($0.content.utf8.count) }) else {
      throw refuse("a token is empty or longer than \(PieceTrie.maxPieceBytes) bytes")
    }
    guard added.allSatisfy({ (0..<BytePairs.idLimit).contains($0.id) }) else {
      throw refuse("a token has an id that is not 0 to \(BytePairs.idLimit)")
    }
    let idCount: Int
    switch spec.model {
    case .unigram(let unigram):
      model = .unigram(try UnigramWords(unigram, name: name))
      idCount = unigram.pieces.count
    case .bytePairs(let pairs):
      guard spec.preTokenizer?.isByteLevel == true else {
        throw TokenizerError.unsupported(file: name, feature: "byte pairs of something but bytes")
      }
      model = .bytePairs(
        try BytePairs(vocabulary: pairs.vocabulary, merges: pairs.merges, name: name))
      idCount = (pairs.vocabulary.values.max() ?? -1) + 1
    }
    let steps = try TextStep.steps(spec.normalizer, name: name)
    normalizers = steps
    preTokenizer = spec.preTokenizer
    before = spec.postProcessor?.before ?? []
    after = spec.postProcessor?.after ?? []
    rawTokens = AddedTokens(added.filter { !$0.isNormalized }) { $0 }
    normalizedTokens = AddedTokens(added.filter(\.isNormalized)) {
      TextStep.apply(steps, to: $0).bytes
    }
    pieceCount = max(idCount, (added.map(\.id).max() ?? -1) + 1)
  }

  /// Byte pairs from their older two files: `vocab.json` (ids by piece) and `merges.txt` (a pair on
  /// each line), with the special tokens that RoBERTa or GPT-2 has.
  init(vocabulary file: [UInt8], merges: [UInt8], name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    guard let vocabulary = try? JSONDecoder().decode([String: Int].self, from: Data(file)) else {
      throw refuse("it holds something but ids by piece")
    }
    guard let text = String(validating: merges, as: UTF8.self) else {
      throw refuse("merges.txt beside it is not UTF-8")
    }
    var pairs: [(String, String)] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#version") {
      guard let pair = TokenizerJSON.BytePairsSpec.pair(line) else {
        throw refuse("merges.txt beside it has the line '\(line.prefix(40))', which is no pair")
      }
      pairs.append(pair)
    }
    let names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"]
    let special = names.compactMap { content in
      vocabulary[content].map { id in
        TokenizerJSON.AddedToken(
          id: id, content: content, isSingleWord: false, takesLeft: false, takesRight: false,
          isNormalized: false)
      }
    }
    model = .bytePairs(try BytePairs(vocabulary: vocabulary, merges: pairs, name: name))
    normalizers = []
    preTokenizer = .byteLevel(addsPrefix: false)
    let ends = vocabulary["<s>"].flatMap { start in vocabulary["</s>"].map { (start, $0) } }
    before = ends.map { [$0.0] } ?? []
    after = ends.map { [$0.1] } ?? []
    rawTokens = AddedTokens(special) { $0 }
    normalizedTokens = AddedTokens([]) { $0 }
    pieceCount = (vocabulary.values.max() ?? -1) + 1
  }

  private static func problem(_ error: DecodingError) -> String {
    func line(_ context: DecodingError.Context, _ what: String) -> String {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (place.isEmpty ? "it holds " : "'\(place.prefix(80))' holds ") + what
    }
    return switch error {
    case .keyNotFound(let key, let context): line(context, "no '\(key.stringValue)'")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      line(context, "a value of the wrong type")
    case .dataCorrupted(let context): line(context, "no JSON that can be used")
    @unknown default: "it holds no JSON that can be used"
    }
  }

  /// The ids of `text`, without ``before`` and ``after``.
  func encode(_ text: [UInt8]) -> [Int] {
    var ids: [Int] = []
    for (raw, rawID) in rawTokens.split(text[...]) {
      if let rawID {
        ids.append(rawID)
        continue
      }
      let normalized = TextStep.apply(normalizers, to: Array(raw))
      for (part, id) in normalizedTokens.split(normalized.bytes[...]) {
        if let id {
          ids.append(id)
          continue
        }
        let isFirst = raw.startIndex == 0 && normalized.keepsStart && part.startIndex == 0
        for word in PreTokens.cut(Array(part), isFirst: isFirst, by: preTokenizer) {
          model.append(word, to: &ids)
        }
      }
    }
    return ids
  }
}

/// Tokens that are found in the text as they stand, before it is cut.
struct AddedTokens: Sendable {
  private let tokens: [TokenizerJSON.AddedToken]
  private let trie: PieceTrie?

  init(_ tokens: [TokenizerJSON.AddedToken], written: ([UInt8]) -> [UInt8]) {
    self.tokens = tokens
    let patterns = tokens.enumerated()
      .map { (bytes: written(Array($0.element.content.utf8))[...], id: $0.offset) }
      .filter { !$0.bytes.isEmpty }
    trie = patterns.isEmpty ? nil : PieceTrie(patterns)
  }

  /// The text's parts in order: a token's id, or nil for what lies between tokens.
  func split(_ text: ArraySlice<UInt8>) -> [(ArraySlice<UInt8>, Int?)] {
    guard let trie else { return [(text, nil)] }
    var parts: [(ArraySlice<UInt8>, Int?)] = []
    var position = text.startIndex
    var done = text.startIndex
    while position < text.endIndex {
      guard let (index, byteCount) = trie.longestPrefix(of: text[position...]) else {
        position += 1
        continue
      }
      let token = tokens[index]
      var (start, end) = (position, position + byteCount)
      position = end
      if token.isSingleWord,
        Self.isWord(lastScalar(text[..<start])) || Self.isWord(firstScalar(text[end...]))
      {
        continue
      }
      if token.takesLeft {
        while let scalar = lastScalar(text[..<start]), scalar.properties.isWhitespace, start > done
        {
          start -= UTF8.width(scalar)
        }
        start = max(start, done)
      }
      if token.takesRight {
        while let scalar = firstScalar(text[end...]), scalar.properties.isWhitespace {
          end += UTF8.width(scalar)
        }
      }
      if done < start { parts.append((text[done..<start], nil)) }
      parts.append((text[start..<end], token.id))
      done = end
      position = max(position, end)
    }
    if done < text.endIndex { parts.append((text[done...], nil)) }
    return parts
  }

  /// Whether a scalar is matched by `\w` of the library's expressions.
  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    if scalar.properties.isAlphabetic { return true }
    return switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: false
    }
  }
}

/// The first scalar of valid UTF-8.
func firstScalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
  String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first
}

/// The last scalar of valid UTF-8.
func lastScalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
  guard let start = text.suffix(4).lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return nil }
  return String(decoding: text[start...], as: UTF8.self).unicodeScalars.first
}
