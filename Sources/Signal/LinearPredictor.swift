/// Continues a sound by linear prediction from its own past.
///
/// Coefficients come from Burg's method ("Maximum entropy spectral analysis", 1975), whose filter is
/// stable, so that what is predicted fades away.
public struct LinearPredictor: Sendable {
  /// `x[n]` is predicted as the sum of `coefficients[k] * x[n - 1 - k]`.
  public let coefficients: [Double]

  /// - Parameters:
  ///   - samples: what comes before; at least twice the order, else the order is lowered.
  ///   - order: number of coefficients.
  public init(_ samples: [Double], order: Int) {
    let count = samples.count
    var (forward, backward) = (samples, samples)
    var filter = [1.0]
    for step in 0..<max(0, min(order, count / 2)) {
      var (product, power) = (0.0, 0.0)
      for n in step + 1..<count {
        product += forward[n] * backward[n - 1]
        power += forward[n] * forward[n] + backward[n - 1] * backward[n - 1]
      }
      guard power > 1e-20 else { break }
      let reflection = -2 * product / power
      let padded = filter + [0]
      filter = padded.indices.map { padded[$0] + reflection * padded[padded.count - 1 - $0] }
      for n in (step + 1..<count).reversed() {
        let former = forward[n]
        forward[n] += reflection * backward[n - 1]
        backward[n] = backward[n - 1] + reflection * former
      }
    }
    coefficients = filter.dropFirst().map { -$0 }
  }

  /// The next samples after `samples`.
  public func continuing(_ samples: [Double], count: Int) -> [Double] {
    var line = Array(samples.suffix(coefficients.count))
    let known = line.count
    for _ in 0..<count {
      var sum = 0.0
      for (k, coefficient) in coefficients.enumerated() where line.count > k {
        sum += coefficient * line[line.count - 1 - k]
      }
      line.append(sum)
    }
    return Array(line.dropFirst(known))
  }
}
