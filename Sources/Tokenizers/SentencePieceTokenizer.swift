/// A `spiece.model` ready to cut text as the `sentencepiece` library does.
///
/// Source: `normalizer.cc`, `unigram_model.cc` and `sentencepiece_processor.cc` of
/// google/sentencepiece v0.2.0.
struct SentencePieceTokenizer: Sendable {
  let pieceCount: Int
  let endID: Int?
  private let normalizer: SentencePieceNormalizer
  private let unigram: Unigram
  /// Ids of the pieces `<0x00>` to `<0xFF>`; empty without byte fallback.
  private let byteIDs: [Int]

  init(_ model: SentencePieceModel, name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    let pieces = Array(model.pieces.enumerated())
    func ids(_ kind: SentencePieceModel.Kind) -> [Int] {
      pieces.filter { $0.element.kind == kind }.map(\.offset)
    }
    let unknown = ids(.unknown)
    guard unknown.count == 1 else { throw refuse("it has \(unknown.count) unknown pieces, not 1") }
    // Control, unknown and byte pieces are never found in text; unused ones are not offered.
    let textual = pieces.filter {
      $0.element.kind == .normal || $0.element.kind == .userDefined
    }
    guard Set(textual.map(\.element.bytes)).count == textual.count else {
      throw refuse("a piece stands twice")
    }
    let userDefined = ids(.userDefined)
    // The library starts its maximum at the smallest positive single, so that without a positive
    // score user-defined pieces cost 0.1 whatever their length.
    let normal = model.pieces.filter { $0.kind == .normal }.map(\.score)
    let best = normal.reduce(Float.leastNormalMagnitude, max)
    let worst = normal.min() ?? 0
    unigram = Unigram(
      trie: PieceTrie(textual.map { ($0.element.bytes, $0.offset) }),
      scores: model.pieces.map { Double($0.score) },
      scoreRange: Double(worst)...Double(best), unknownID: unknown[0],
      userDefined: Set(userDefined), roundsToSingle: true)
    byteIDs = model.usesByteFallback ? try Self.byteIDs(pieces, refuse) : []
    normalizer = try SentencePieceNormalizer(
      model, kept: userDefined.map { (model.pieces[$0].bytes, $0) }, name: name)
    pieceCount = pieces.count
    endID =
      pieces.first { $0.element.kind == .control && $0.element.bytes == model.endPiece }?.offset
  }

  private static func byteIDs(
    _ pieces: [(offset: Int, element: SentencePieceModel.Piece)],
    _ refuse: (String) -> TokenizerError
  ) throws -> [Int] {
    var found: [[UInt8]: Int] = [:]
    for (id, piece) in pieces where piece.kind == .byte { found[Array(piece.bytes)] = id }
    return try (0..<256).map { byte in
      let name = bytePieceName(UInt8(byte))
      guard let id = found[Array(name.utf8)] else { throw refuse("it has no piece \(name)") }
      return id
    }
  }

  /// The ids of `text`, without the end piece; a run of unknown characters is one unknown piece.
  func encode(_ text: [UInt8]) -> [Int] {
    let normalized = normalizer.normalize(text)
    var ids: [Int] = []
    var followsUnknown = false
    for (range, id) in unigram.segments(of: normalized[...]) {
      let isUnknown = id == unigram.unknownID
      if isUnknown, !byteIDs.isEmpty {
        ids += normalized[range].map { byteIDs[Int($0)] }
      } else if !isUnknown || !followsUnknown {
        ids.append(id)
      }
      followsUnknown = isUnknown
    }
    return ids
  }
}

/// The name of the piece that stands for one byte.
func bytePieceName(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return "<0x" + (byte < 16 ? "0" : "") + digits + ">"
}

/// Rewrites text by the model's rules: the charsmap (for example `nmt_nfkc`), spaces to U+2581,
/// runs and margins of spaces away, one space in front.
struct SentencePieceNormalizer: Sendable {
  static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]
  private static let space: UInt8 = 0x20

  private let charsmap: Charsmap?
  /// User-defined pieces, which no rule may change.
  private let kept: PieceTrie?
  private let addsDummyPrefix: Bool
  private let removesExtraWhitespace: Bool
  private let treatsWhitespaceAsSuffix: Bool
  /// What a space becomes.
  private let spaceBytes: [UInt8]

  init(
    _ model: SentencePieceModel, kept: [(bytes: ArraySlice<UInt8>, id: Int)], name: String
  ) throws {
    charsmap = model.charsmap.isEmpty ? nil : try Charsmap(model.charsmap, name: name)
    self.kept = kept.isEmpty ? nil : PieceTrie(kept)
    addsDummyPrefix = model.addsDummyPrefix
    removesExtraWhitespace = model.removesExtraWhitespace
    treatsWhitespaceAsSuffix = model.treatsWhitespaceAsSuffix
    spaceBytes = model.escapesWhitespace ? Self.spaceSymbol : [Self.space]
  }

  func normalize(_ text: [UInt8]) -> [UInt8] {
    var rest = text[...]
    if removesExtraWhitespace {
      while !rest.isEmpty {
        let (piece, byteCount) = next(rest)
        guard piece.elementsEqual([Self.space]) else { break }
        rest = rest.dropFirst(byteCount)
      }
    }
    guard !rest.isEmpty else { return [] }
    var out: [UInt8] = []
    out.reserveCapacity(text.count + text.count / 4 + 8)
    if addsDummyPrefix, !treatsWhitespaceAsSuffix { out += spaceBytes }
    var followsSpace = removesExtraWhitespace
    while !rest.isEmpty {
      var (piece, byteCount) = next(rest)
      rest = rest.dropFirst(byteCount)
      if followsSpace { piece = piece.drop { $0 == Self.space } }
      for byte in piece {
        if byte == Self.space { out += spaceBytes } else { out.append(byte) }
      }
      if let last = piece.last { followsSpace = removesExtraWhitespace && last == Self.space }
    }
    if removesExtraWhitespace {
      while out.count >= spaceBytes.count, out.suffix(spaceBytes.count).elementsEqual(spaceBytes) {
        out.removeLast(spaceBytes.count)
      }
    }
    if addsDummyPrefix, treatsWhitespaceAsSuffix { out += spaceBytes }
    return out
  }

  /// What stands for the beginning of `text`, and how many bytes of `text` it stands for (at least
  /// one): a kept piece as it is, the longest rule's replacement, or one character.
  private func next(_ text: ArraySlice<UInt8>) -> (piece: ArraySlice<UInt8>, byteCount: Int) {
    if let found = kept?.longestPrefix(of: text) {
      return (text.prefix(found.byteCount), found.byteCount)
    }
    if let charsmap, let match = charsmap.longestMatch(text) {
      return (charsmap.replacements[match.replacement], match.byteCount)
    }
    let length = min(Unigram.characterLength(text[text.startIndex]), text.count)
    return (text.prefix(length), length)
  }
}
