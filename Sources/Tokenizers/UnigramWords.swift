/// The unigram model of a `tokenizer.json`, which cuts word by word in double precision.
struct UnigramWords: Sendable {
  private let unigram: Unigram
  private let byteIDs: [Int]

  init(_ spec: TokenizerJSON.UnigramSpec, name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    let pieces = spec.pieces
    guard let unknown = spec.unknownID, pieces.indices.contains(unknown) else {
      throw refuse("it names no unknown piece")
    }
    guard pieces.allSatisfy({ (1...PieceTrie.maxPieceBytes).contains($0.text.utf8.count) }) else {
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
    byteIDs = spec.byteFallback ? bytes : []
  }

  func append(_ word: [UInt8], to ids: inout [Int]) {
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
