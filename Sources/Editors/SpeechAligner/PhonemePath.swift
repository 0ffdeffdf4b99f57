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
  /// Frames that were not heard: there every phoneme is as likely as any other.
  public var unheard: [Range<Int>] = []

  /// What a frame of silence costs, in nat: else silence, which may follow any word, creeps into
  /// words. Chosen on dev.
  static let silenceCost = 4.0
  /// What a frame of a word outside of its window costs, in nat.
  static let outsideCost = 5.0
  /// Cells of the table of scores (8 bytes each) and of the way back that are kept at once.
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
    let path = Lattice(self).path(posteriors)
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

/// The states of a path: silence, the phonemes of a word, silence, …
private struct Lattice {
  let classes: [Int]
  /// Whether a state may be entered from the last but one, past a silence.
  let skips: [Bool]
  /// Of each state its word's window.
  let windows: [Range<Int>?]
  let unheard: [Range<Int>]

  init(_ path: PhonemePath) {
    var (classes, windows) = ([0], [Range<Int>?]([nil]))
    for (word, window) in zip(path.words, path.windows) where !word.isEmpty {
      classes += word + [0]
      windows += Array(repeating: window, count: word.count) + [nil]
    }
    self.classes = classes
    self.windows = windows
    skips = classes.indices.map { $0 >= 2 && classes[$0 - 1] == 0 }
    unheard = path.unheard
  }

  /// Each frame's state.
  func path(_ posteriors: PhonemePosteriors) -> [Int] {
    let (frames, states) = (posteriors.frameCount, classes.count)
    let stride = max(16, min(Int(Double(frames).squareRoot()), PhonemePath.mostCells / states))
    // Scores before the first frame of each stretch of `stride` frames.
    var starts: [[Double]] = []
    var score = [Double](repeating: -.infinity, count: states)
    var unused = [Int8](repeating: 0, count: states)
    for frame in 0..<frames {
      if frame % stride == 0 { starts.append(score) }
      advance(&score, frame, posteriors, back: &unused, at: 0)
    }
    var state = states >= 2 && score[states - 2] > score[states - 1] ? states - 2 : states - 1
    var path = [Int](repeating: 0, count: frames)
    var back = [Int8](repeating: 0, count: stride * states)
    while let start = starts.popLast() {
      let first = starts.count * stride
      let range = first..<min(first + stride, frames)
      score = start
      for frame in range {
        advance(&score, frame, posteriors, back: &back, at: (frame - first) * states)
      }
      for frame in range.reversed() {
        path[frame] = state
        state -= Int(back[(frame - first) * states + state])
      }
    }
    return path
  }

  /// One frame on; `back` gets, for each state, how many states back its best forerunner lies.
  private func advance(
    _ score: inout [Double], _ frame: Int, _ posteriors: PhonemePosteriors, back: inout [Int8],
    at row: Int
  ) {
    let isHeard = !unheard.contains { $0.contains(frame) }
    let count = classes.count
    classes.withUnsafeBufferPointer { classes in
      skips.withUnsafeBufferPointer { skips in
        windows.withUnsafeBufferPointer { windows in
          posteriors.values.withUnsafeBufferPointer { values in
            score.withUnsafeMutableBufferPointer { score in
              back.withUnsafeMutableBufferPointer { back in
                let heard = frame * posteriors.classCount
                // From the last state down, so that the former scores of those before still stand.
                for state in Swift.stride(from: count - 1, through: 0, by: -1) {
                  var (best, from) = (score[state], Int8(0))
                  if frame == 0 {
                    best = state < 2 ? 0 : -.infinity
                  } else {
                    if state >= 1, score[state - 1] > best { (best, from) = (score[state - 1], 1) }
                    if skips[state], score[state - 2] > best {
                      (best, from) = (score[state - 2], 2)
                    }
                  }
                  if isHeard {
                    best += Double(values[heard + classes[state]])
                    if classes[state] == 0 { best -= PhonemePath.silenceCost }
                  }
                  if let window = windows[state], !window.contains(frame) {
                    best -= PhonemePath.outsideCost
                  }
                  score[state] = best
                  back[row + state] = from
                }
              }
            }
          }
        }
      }
    }
  }
}
