import Foundation

/// Where a song's bars begin, found from probabilities of beats and of bars' first beats.
///
/// Beats are the best path through the probabilities at the tempo that they agree with most
/// (after Ellis 2007, "Beat Tracking by Dynamic Programming"); bars are of three or four of them.
public struct BarTracker: Sendable {
  /// Rows of a second.
  private let rowsPerSecond: Double

  public init(rowsPerSecond: Double) { self.rowsPerSecond = rowsPerSecond }

  private static let beatsPerMinute = 48.0...220.0
  /// The tempo that is likeliest before anything is heard, and how far others may be from it, octaves.
  private static let (usualTempo, tempoSpread) = (110.0, 0.9)
  /// How much a beat weighs against one that comes early or late.
  private static let tightness: Float = 12
  /// Below this mean probability on the beats there are none.
  private static let faintest: Float = 0.15
  /// How likely what lies between beats must be, against them, to make twice as many.
  private static let betweenShare: Float = 0.85

  /// Rows of the bars' first beats, in order, one bar apart; empty where no steady beat is found.
  ///
  /// - Parameters:
  ///   - beats: for each row.
  ///   - downbeats: for each row.
  public func bars(beats: [Float], downbeats: [Float]) -> [Double] {
    guard let period = period(of: beats) else { return [] }
    func mean(_ rows: [Int]) -> Float {
      rows.reduce(0) { $0 + near($1, beats) } / Float(max(1, rows.count))
    }
    var path = path(through: beats, period: period)
    // What falls between beats is beats as well where it is about as likely.
    let between = zip(path, path.dropFirst()).map { ($0 + $1) / 2 }
    if period / 2 >= rowsPerSecond * 60 / Self.beatsPerMinute.upperBound,
      mean(between) > Self.betweenShare * mean(path)
    {
      path = self.path(through: beats, period: period / 2)
    }
    guard path.count >= 4, mean(path) >= Self.faintest else { return [] }
    /// How much likelier downbeats are on each `meter`th beat from `phase` on than on the others.
    func contrast(_ meter: Int, _ phase: Int) -> Float {
      var (on, off, ons) = (Float(0), Float(0), 0)
      for (index, row) in path.enumerated() {
        let value = near(row, downbeats)
        if index % meter == phase { (on, ons) = (on + value, ons + 1) } else { off += value }
      }
      return ons == 0 ? -1 : on / Float(ons) - off / Float(max(1, path.count - ons))
    }
    let choices = [4, 3].flatMap { meter in (0..<meter).map { (meter, $0) } }
    guard let best = choices.max(by: { contrast($0.0, $0.1) < contrast($1.0, $1.1) }) else {
      return []
    }
    return stride(from: best.1, to: path.count, by: best.0).map { Double(path[$0]) }
  }

  /// The highest value at a row or beside it.
  private func near(_ row: Int, _ values: [Float]) -> Float {
    (max(0, row - 1)...min(values.count - 1, row + 1)).reduce(0) { max($0, values[$1]) }
  }

  /// Rows from one beat to the next, at the tempo with the strongest autocorrelation.
  private func period(of beats: [Float]) -> Double? {
    let mean = beats.reduce(0, +) / Float(max(1, beats.count))
    let centred = beats.map { $0 - mean }
    let longest = 60 / Self.beatsPerMinute.lowerBound * rowsPerSecond
    let shortest = 60 / Self.beatsPerMinute.upperBound * rowsPerSecond
    guard Double(beats.count) > 4 * longest else { return nil }
    func correlation(_ lag: Int) -> Double {
      var sum: Float = 0
      for row in 0..<max(0, beats.count - lag) { sum += centred[row] * centred[row + lag] }
      return Double(sum) / Double(beats.count - lag)
    }
    // Sums over four beats tell a tempo finer than rows, and beats from their halves.
    let lags = (0...Int(4 * longest) + 1).map(correlation)
    func at(_ lag: Double) -> Double {
      let (low, part) = (Int(lag), lag - lag.rounded(.down))
      return lags[low] * (1 - part) + lags[min(low + 1, lags.count - 1)] * part
    }
    func score(_ period: Double) -> Double {
      let comb = (1...4).map { at(Double($0) * period) }.reduce(0, +)
      let octaves = log2(60 * rowsPerSecond / period / Self.usualTempo) / Self.tempoSpread
      return comb * exp(-octaves * octaves / 2)
    }
    let periods = stride(from: shortest, through: longest, by: 0.05)
    guard let best = periods.max(by: { score($0) < score($1) }), score(best) > 0 else { return nil }
    return best
  }

  /// The rows of the best path of beats, about a period apart.
  private func path(through beats: [Float], period: Double) -> [Int] {
    let (near, far) = (Int(period / 2), Int(2 * period))
    let costs = (near...far).map { step -> Float in
      let octaves = Float(log2(Double(max(1, step)) / period))
      return Self.tightness * octaves * octaves
    }
    var scores = beats
    var before = [Int](repeating: -1, count: beats.count)
    for row in beats.indices where row >= near {
      var best: Float = 0
      for step in near...min(far, row) where step > 0 {
        let value = scores[row - step] - costs[step - near]
        if value > best { (best, before[row]) = (value, row - step) }
      }
      scores[row] += best
    }
    let last = max(0, beats.count - Int(period.rounded(.up)))..<beats.count
    var path: [Int] = []
    var row = last.max { scores[$0] < scores[$1] } ?? -1
    while row >= 0 {
      path.append(row)
      row = before[row]
    }
    return path.reversed()
  }
}
