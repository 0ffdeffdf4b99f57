import Foundation

/// The way through frames in which nothing is heard.
///
/// Source: `jumps` and `shared` in Models/training/speech/alignment.py, where the constants were chosen.
extension PhonemeLattice {
  /// Frames that a phoneme and the silence between words last.
  private static let phoneme = (mean: 4.7, deviation: 2.75)
  private static let silence = (mean: 0.5, deviation: 1.8)
  /// Deviation in frames that a gap's length has in any case.
  private static let floor = 1.5
  /// A pause that fills a gap costs so much, in nat, and one more each so many frames.
  private static let pauseCost = 12.0, pauseFrames = 50.0
  /// A phoneme that is heard for all but this share of its length is not in the gap beside it.
  private static let leftShare = 0.4

  /// Over a gap at once: from each state to each later one, by how likely what lies between is to last
  /// so long. The state that it leads to is that of all of the gap's frames, until ``share(_:in:)``.
  func jump(_ gap: Range<Int>, _ score: inout [Double], back: inout [Int16], at row: Int) {
    let before = score
    let length = Double(gap.count)
    for last in classes.indices.reversed() {
      var (best, from) = (-Double.infinity, 0)
      // Between the states' middles: both are heard beside the gap.
      var (mean, variance) = (0.0, 0.0)
      var (phonemes, outside, pauses) = (0, 0, false)
      for first in Swift.stride(from: last, through: max(0, last - Int(Int16.max)), by: -1) {
        let state = Self.usual(classes[first])
        if first < last {
          mean += state.mean / 2
          variance += state.deviation * state.deviation / 2
        }
        pauses = pauses || classes[first] == 0
        let start = gap.lowerBound > 0 ? before[first] : first == 0 ? 0 : -.infinity
        if start > -.infinity {
          let spread = max(0, variance) + Self.floor * Self.floor
          var gain = -0.5 * (length - mean) * (length - mean) / spread - 0.5 * log(spread)
          if pauses {
            gain = max(gain, -Self.pauseCost - max(0, length - mean) / Self.pauseFrames)
          }
          gain += start - PhonemePath.outsideCost * Double(outside)
          if gain > best || gain == best && gain > -.infinity {
            (best, from) = (gain, last - first)
          }
        }
        mean += state.mean / 2
        variance += state.deviation * state.deviation / 2
        if first < last, classes[first] != 0 {
          phonemes += 1
          if let window = windows[first], !window.overlaps(gap) { outside += 1 }
          if phonemes > gap.count { break }
        }
      }
      score[last] = best
      back[row + last] = Int16(from)
    }
  }

  private static func usual(_ phoneme: Int) -> (mean: Double, deviation: Double) {
    phoneme == 0 ? silence : Self.phoneme
  }

  /// Gives the frames of a gap to the states that the path jumps over there, by their usual lengths;
  /// each phoneme gets one or more, and a silence what is left over.
  func share(_ gap: Range<Int>, in path: inout [Int]) {
    let first = gap.lowerBound > 0 ? path[gap.lowerBound - 1] : 0
    let last = path[min(gap.upperBound, path.count - 1)]
    guard first < last else {
      for frame in gap { path[frame] = first }
      return
    }
    let states = Array(first...last)
    var wanted = states.map { classes[$0] == 0 ? 0 : Self.phoneme.mean }
    func left(_ state: Int, _ heard: Int) -> Double {
      guard classes[state] != 0 else { return 0 }
      let left = max(0, Self.phoneme.mean - Double(heard))
      return left < Self.leftShare * Self.phoneme.mean ? 0 : left
    }
    wanted[0] = left(first, path[..<gap.lowerBound].reversed().prefix { $0 == first }.count)
    wanted[states.count - 1] = left(last, path[gap.upperBound...].prefix { $0 == last }.count)
    let usual = wanted.reduce(0, +)
    if let silence = states.firstIndex(where: { classes[$0] == 0 }),
      Double(gap.count) > usual + Double(states.count) * Self.floor
    {
      wanted[silence] = Double(gap.count) - usual
    } else if usual == 0 {
      wanted[0] = 1
    }
    let inner = states.map { $0 > first && $0 < last && classes[$0] != 0 ? 1 : 0 }
    let total = wanted.reduce(0, +)
    var (sum, at, later) = (0.0, 0, inner.reduce(0, +))
    for (index, state) in states.enumerated() {
      sum += wanted[index]
      later -= inner[index]
      let ideal = Int((sum / total * Double(gap.count) + 0.5).rounded(.down))
      let edge = min(max(ideal, at + inner[index]), gap.count - later)
      for frame in at..<max(at, edge) { path[gap.lowerBound + frame] = state }
      at = max(at, edge)
    }
    for frame in at..<gap.count { path[gap.lowerBound + frame] = last }
  }
}
