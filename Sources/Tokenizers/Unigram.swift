/// The unigram language model: the segmentation with the highest sum of piece scores.
///
/// Kudo, "Subword Regularization" (2018), section 3.2. Ties and rounding are decided as each of the
/// two common programs decides them: the candidate that is found first (the longer last piece)
/// stays unless a later one is strictly better, and SentencePiece keeps the best sums in single
/// precision while it compares in double. Sources: `EncodeOptimized` in unigram_model.cc of
/// google/sentencepiece v0.2.0, `encode_optimized` in models/unigram of huggingface/tokenizers v0.20.
struct Unigram: Sendable {
  /// What unknown characters cost below the worst piece.
  private static let unknownPenalty = 10.0

  let trie: PieceTrie
  let unknownID: Int
  private let scores: [Double]
  /// Score by bytes for user-defined pieces; they win over any sum of normal ones.
  private let userDefined: Set<Int>
  private let bestScore: Float
  private let unknownScore: Double
  private let roundsToSingle: Bool

  /// - Parameters:
  ///   - trie: the pieces that text is cut into.
  ///   - scores: log probability by id.
  ///   - scoreRange: lowest and highest score of the pieces that count for the unknown's score.
  ///   - userDefined: ids of pieces that are always kept whole.
  ///   - roundsToSingle: keep the best sums as SentencePiece does.
  init(
    trie: PieceTrie, scores: [Double], scoreRange: ClosedRange<Double>, unknownID: Int,
    userDefined: Set<Int>, roundsToSingle: Bool
  ) {
    self.trie = trie
    self.scores = scores
    self.userDefined = userDefined
    self.unknownID = unknownID
    self.roundsToSingle = roundsToSingle
    bestScore = Float(scoreRange.upperBound)
    let worst = scoreRange.lowerBound
    unknownScore =
      roundsToSingle
      ? Double(Float(worst) - Float(Self.unknownPenalty)) : worst - Self.unknownPenalty
  }

  private struct Node {
    var score = 0.0
    var start: Int32 = -1
    var id: Int32 = -1
  }

  /// The pieces of `text` in order, as ranges and ids; unknown characters stand one by one.
  func segments(of text: ArraySlice<UInt8>) -> [(range: Range<Int>, id: Int)] {
    guard !text.isEmpty else { return [] }
    var best = [Node](repeating: Node(), count: text.count + 1)
    text.withUnsafeBufferPointer { bytes in
      best.withUnsafeMutableBufferPointer { findBest(bytes, $0) }
    }
    var segments: [(range: Range<Int>, id: Int)] = []
    var end = text.count
    while end > 0 {
      let node = best[end]
      let start = Int(node.start)
      segments.append((text.startIndex + start..<text.startIndex + end, Int(node.id)))
      end = start
    }
    segments.reverse()
    return segments
  }

  private func findBest(
    _ text: UnsafeBufferPointer<UInt8>, _ best: UnsafeMutableBufferPointer<Node>
  ) {
    func offer(_ candidate: Double, from start: Int, to end: Int, id: Int) {
      if best[end].start < 0 || candidate > best[end].score {
        let kept = roundsToSingle ? Double(Float(candidate)) : candidate
        best[end] = Node(score: kept, start: Int32(start), id: Int32(id))
      }
    }
    var start = 0
    while start < text.count {
      let scoreHere = best[start].score
      let characterEnd = min(start + Self.characterLength(text[start]), text.count)
      var hasSingle = false
      var node: Int32 = 0
      var end = start
      while end < text.count {
        node = trie.child(of: node, by: text[end])
        if node == PieceTrie.none { break }
        end += 1
        let id = Int(trie.id(at: node))
        guard id >= 0 else { continue }
        offer(score(id, byteCount: end - start) + scoreHere, from: start, to: end, id: id)
        if end == characterEnd { hasSingle = true }
      }
      if !hasSingle {
        let sum = unknownScore + scoreHere
        offer(
          roundsToSingle ? Double(Float(sum)) : sum, from: start, to: characterEnd, id: unknownID)
      }
      start = characterEnd
    }
  }

  @inline(__always)
  private func score(_ id: Int, byteCount: Int) -> Double {
    if !userDefined.isEmpty, userDefined.contains(id) {
      return Double(Float(byteCount) * bestScore) - 0.1
    }
    return scores[id]
  }

  /// Bytes of the UTF-8 character that begins with `byte`; 1 for a continuation byte.
  @inline(__always)
  static func characterLength(_ byte: UInt8) -> Int {
    switch byte >> 4 {
    case 0xC, 0xD: 2
    case 0xE: 3
    case 0xF: 4
    default: 1
    }
  }
}
