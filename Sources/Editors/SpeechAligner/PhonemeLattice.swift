import Foundation

/// The states of a ``PhonemePath``: silence, the phonemes of a word, silence, …
struct PhonemeLattice {
  let classes: [Int]
  /// Whether a state may be entered from the last but one, past a silence.
  let skips: [Bool]
  /// Of each state its word's window.
  let windows: [Range<Int>?]
  /// Runs of frames in which nothing is heard, in their order and apart.
  let gaps: [Range<Int>]

  init(_ path: PhonemePath, frameCount: Int) {
    var (classes, windows) = ([0], [Range<Int>?]([nil]))
    for (word, window) in zip(path.words, path.windows) where !word.isEmpty {
      classes += word + [0]
      windows += Array(repeating: window, count: word.count) + [nil]
    }
    self.classes = classes
    self.windows = windows
    skips = classes.indices.map { $0 >= 2 && classes[$0 - 1] == 0 }
    var gaps: [Range<Int>] = []
    for gap in path.unheard.map({ $0.clamped(to: 0..<frameCount) }).sorted(by: {
      $0.lowerBound < $1.lowerBound
    }) where !gap.isEmpty {
      if let last = gaps.last, gap.lowerBound <= last.upperBound {
        gaps[gaps.count - 1] = last.lowerBound..<max(last.upperBound, gap.upperBound)
      } else {
        gaps.append(gap)
      }
    }
    self.gaps = gaps
  }

  /// Each frame's state.
  func path(_ posteriors: PhonemePosteriors) -> [Int] {
    let (frames, states) = (posteriors.frameCount, classes.count)
    let stride = max(16, min(Int(Double(frames).squareRoot()), PhonemePath.mostCells / states))
    // Scores before the first frame of each stretch of `stride` frames.
    var starts: [[Double]] = []
    var score = [Double](repeating: -.infinity, count: states)
    var unused = [Int16](repeating: 0, count: states)
    for frame in 0..<frames {
      if frame % stride == 0 { starts.append(score) }
      advance(&score, frame, posteriors, back: &unused, at: 0)
    }
    var state = states >= 2 && score[states - 2] > score[states - 1] ? states - 2 : states - 1
    var path = [Int](repeating: 0, count: frames)
    var back = [Int16](repeating: 0, count: stride * states)
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
    for gap in gaps { share(gap, in: &path) }
    return path
  }

  /// One frame on; `back` gets, for each state, how many states back its best forerunner lies.
  private func advance(
    _ score: inout [Double], _ frame: Int, _ posteriors: PhonemePosteriors, back: inout [Int16],
    at row: Int
  ) {
    if let gap = gaps.first(where: { $0.contains(frame) }) {
      if frame == gap.lowerBound {
        jump(gap, &score, back: &back, at: row)
      } else {
        for state in classes.indices { back[row + state] = 0 }
      }
      return
    }
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
                  var (best, from) = (score[state], Int16(0))
                  if frame == 0 {
                    best = state < 2 ? 0 : -.infinity
                  } else {
                    if state >= 1, score[state - 1] > best { (best, from) = (score[state - 1], 1) }
                    if skips[state], score[state - 2] > best {
                      (best, from) = (score[state - 2], 2)
                    }
                  }
                  best += Double(values[heard + classes[state]])
                  if classes[state] == 0 { best -= PhonemePath.silenceCost }
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
