import FoundationEssentials

/// A `tokenizer.json` with a unigram model, ready to cut text as the `tokenizers` library does.
///
/// It differs from the `sentencepiece` library in its sums (double precision), its normalisation
/// (by grapheme clusters) and in cutting at spaces first. Source: huggingface/tokenizers v0.20 and
/// huggingface/spm_precompiled v0.1.
struct JSONTokenizer: Sendable {
  let pieceCount: Int
  /// Ids before and after each text.
  let before: [Int]
  let after: [Int]
  private let unigram: Unigram
  private let byteIDs: [Int]
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
    let pieces = spec.model.pieces
    guard let unknown = spec.model.unknownID, pieces.indices.contains(unknown) else {
      throw refuse("it names no unknown piece")
    }
    let added = spec.addedTokens ?? []
    let lengths = pieces.map(\.text.utf8.count) + added.map(\.content.utf8.count)
    guard lengths.allSatisfy({ (1...PieceTrie.maxPieceBytes).contains($0) }) else {
      throw refuse("a piece is empty or longer than \(PieceTrie.maxPieceBytes) bytes")
    }
    guard pieces.allSatisfy({ $0.score.isFinite }) else {
      throw refuse("a piece has a score that is no number")
    }
    let trie = PieceTrie(pieces.enumerated().map { (ArraySlice($0.element.text.utf8), $0.offset) })
    unigram = Unigram(
      trie: trie, scores: pieces.map(\.score),
      scoreRange: (pieces.map(\.score).min() ?? 0)...(pieces.map(\.score).max() ?? 0),
      unknownID: unknown, userDefined: [], roundsToSingle: false)
    let bytes = (UInt8.min...UInt8.max).map {
      Int(trie.id(of: ArraySlice(bytePieceName($0).utf8)))
    }
    byteIDs = spec.model.byteFallback ? bytes : []
    let steps = try TextStep.steps(spec.normalizer, name: name)
    normalizers = steps
    preTokenizer = spec.preTokenizer
    before = spec.postProcessor?.before ?? []
    after = spec.postProcessor?.after ?? []
    rawTokens = AddedTokens(added.filter { !$0.isNormalized }) { $0 }
    normalizedTokens = AddedTokens(added.filter(\.isNormalized)) {
      TextStep.apply(steps, to: $0).bytes
    }
    pieceCount = max(pieces.count, (added.map(\.id).max() ?? -1) + 1)
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
          append(word, to: &ids)
        }
      }
    }
    return ids
  }

  private func append(_ word: [UInt8], to ids: inout [Int]) {
    var unknown: ArraySlice<UInt8> = []
    func flush() {
      guard !unknown.isEmpty else { return }
      // The joined unknown characters are looked up once more, as the library does.
      let known = Int(unigram.trie.id(of: unknown))
      let bytes = byteIDs.isEmpty ? [] : unknown.map { byteIDs[Int($0)] }
      if known >= 0 {
        ids.append(known)
      } else if !bytes.isEmpty, !bytes.contains(Int(PieceTrie.none)) {
        ids += bytes
      } else {
        ids.append(unigram.unknownID)
      }
      unknown = []
    }
    for (range, id) in unigram.segments(of: word[...]) {
      if id == unigram.unknownID {
        unknown = word[(unknown.isEmpty ? range.lowerBound : unknown.startIndex)..<range.upperBound]
      } else {
        flush()
        ids.append(id)
      }
    }
    flush()
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
