import Foundation

/// The pitch of a voice, frame by frame, by normalised cross-correlation: the shortest period after
/// which the sound is nearly as alike to itself as it ever is (D. Talkin, "A Robust Algorithm for Pitch
/// Tracking", 1995, without its search over time).
public enum VoicePitch {
  public struct Frame: Sendable, Equatable {
    /// Its middle.
    public let seconds: Double
    public let hz: Double
  }

  /// Lowest and highest pitch that is looked for, Hz.
  public static let range = 60.0...400.0
  private static let stepSeconds = 0.01, comparedSeconds = 0.025
  /// How alike a voiced frame is to itself after a period, and what share of the best likeness a
  /// shorter period must reach.
  private static let leastLikeness = 0.6, nearlyBest = 0.9
  /// Frames so much under the loudest are no voice, dB.
  private static let quietDB = 30.0

  /// The voiced frames of a sound of one channel; about 8 kHz are enough.
  public static func track(_ samples: [Float], sampleRate: Double) -> [Frame] {
    let compared = Int(comparedSeconds * sampleRate)
    let lags = Int(sampleRate / range.upperBound)...Int(sampleRate / range.lowerBound)
    let step = Int(stepSeconds * sampleRate)
    guard step > 0, lags.lowerBound > 1, samples.count > compared + lags.upperBound else {
      return []
    }
    let starts = Array(stride(from: 0, to: samples.count - compared - lags.upperBound, by: step))
    return samples.withUnsafeBufferPointer { x in
      func product(_ a: Int, _ b: Int) -> Double {
        var sum: Float = 0
        for i in 0..<compared { sum += x[a + i] * x[b + i] }
        return Double(sum)
      }
      let energies = starts.map { product($0, $0) }
      let least = (energies.max() ?? 0) * pow(10, -quietDB / 10)
      var likeness = [Double](repeating: 0, count: lags.count)
      var frames: [Frame] = []
      for (start, energy) in zip(starts, energies) where energy > least {
        var later = product(start + lags.lowerBound, start + lags.lowerBound)
        for lag in lags {
          likeness[lag - lags.lowerBound] =
            product(start, start + lag) / max((energy * later).squareRoot(), 1e-12)
          let (left, right) = (Double(x[start + lag]), Double(x[start + lag + compared]))
          later = max(0, later + right * right - left * left)
        }
        let best = likeness.max() ?? 0
        guard best >= leastLikeness,
          let peak = (1..<likeness.count - 1).first(where: {
            likeness[$0] >= nearlyBest * best && likeness[$0] >= likeness[$0 - 1]
              && likeness[$0] >= likeness[$0 + 1]
          })
        else { continue }
        frames.append(
          Frame(
            seconds: (Double(start) + Double(compared + peak + lags.lowerBound) / 2) / sampleRate,
            hz: sampleRate / Double(peak + lags.lowerBound)))
      }
      return frames
    }
  }
}
