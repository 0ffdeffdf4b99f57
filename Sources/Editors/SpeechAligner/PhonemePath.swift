import Foundation

/// Log-probabilities of phonemes in the frames of a recording.
public struct PhonemePosteriors: Sendable {
  public let classCount: Int
  /// `[frame][class]`
  public var values: [Float]
  public var frameCount: Int { values.count / classCount }

  /// - Parameter logits: `[frame][class]`, normalised here.
  public init(classCount: Int, logits: [Float]) {
    precondition(classCount > 0 && logits.count % classCount == 0)
    self.classCount = classCount
    values = logits
    values.withUnsafeMutableBufferPointer { values in
      for row in stride(from: 0, to: values.count, by: classCount) {
        var (largest, sum) = (-Float.infinity, 0.0)
        for i in row..<row + classCount { largest = max(largest, values[i]) }
        for i in row..<row + classCount { sum += exp(Double(values[i] - largest)) }
        let shift = largest + Float(log(sum))
        for i in row..<row + classCount { values[i] -= shift }
      }
    }
  }
}

/// The best path of a text's phonemes through a recording: silence, word, silence, word, … Silence
/// may be left out; a phoneme lasts one frame or more.
///
/// Source: `viterbi` in Models/training/speech/alignment.py. Scores are kept for every k-th frame
/// only and the frames between are computed again on the way back, so that memory grows with the
/// square root of the recording's length.
public struct PhonemePath: Sendable {
  /// Classes of the words' phonemes, none without any.
  public let words: [[Int]]
  /// For each word the frames in which it may lie, beyond which it costs; nil for anywhere.
  public var windows: [Range<Int>?]
  /// Runs of frames that were not heard, in any order: what is said there is told by what is heard on
  /// both sides, and by how long phonemes usually last.
  public var unheard: [Range<Int>] = []

  /// What a frame of silence costs, in nat: else silence, which may follow any word, creeps into
  /// words. Chosen on dev.
  static let silenceCost = 4.0
  /// What a frame of a word outside of its window costs, in nat.
  static let outsideCost = 5.0
  /// Cells of the table of scores (8 bytes each) and of the way back (2 bytes) that are kept at once.
  static let mostCells = 40_000_000

  public init(words: [[Int]]) {
    self.words = words
    windows = Array(repeating: nil, count: words.count)
  }

  /// Of each phoneme of each word its frames; nil if there are fewer frames than phonemes.
  public func frames(in posteriors: PhonemePosteriors) -> [[Range<Int>]]? {
    let frameCount = posteriors.frameCount
    let needed = words.reduce(0) { $0 + $1.count }
    guard needed > 0, frameCount >= needed else { return needed == 0 ? words.map { _ in [] } : nil }
    let path = PhonemeLattice(self, frameCount: frameCount).path(posteriors)
    var (first, last) = ([Int: Int](), [Int: Int]())
    for (frame, state) in path.enumerated() {
      if first[state] == nil { first[state] = frame }
      last[state] = frame
    }
    var (spans, state) = ([[Range<Int>]](), 1)
    for word in words {
      guard !word.isEmpty else {
        spans.append([])
        continue
      }
      spans.append((state..<state + word.count).map { (first[$0] ?? 0)..<(last[$0] ?? -1) + 1 })
      state += word.count + 1
    }
    return spans
  }
}
