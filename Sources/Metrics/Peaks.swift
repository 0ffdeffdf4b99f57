import Foundation

/// Peaks of a signal `[channel][sample]`, dB relative to full scale; nil for silence.
public enum Peaks {
  /// Largest sample, dBFS.
  public static func samplePeak(_ channels: [[Float]]) -> Double? {
    decibels(
      channels.reduce(0) { peak, channel in
        channel.reduce(peak) { max($0, abs($1)) }
      })
  }

  /// Largest value between the samples, dBTP: fourfold oversampling (BS.1770-4, annex 2) with a
  /// windowed sinc of 24 samples to each side.
  public static func truePeak(_ channels: [[Float]]) -> Double? {
    var peak = channels.reduce(Float(0)) { peak, channel in
      channel.reduce(peak) { max($0, abs($1)) }
    }
    for channel in channels {
      let padded = zeros + channel + zeros
      padded.withUnsafeBufferPointer { x in
        for taps in phases {
          for start in 0..<x.count - taps.count {
            // Only stretches that could matter: the filter's gain stays under 2.
            if abs(x[start + reach]) * 2 < peak && abs(x[start + reach - 1]) * 2 < peak { continue }
            var sum: Float = 0
            for k in 0..<taps.count { sum += taps[k] * x[start + k] }
            peak = max(peak, abs(sum))
          }
        }
      }
    }
    return decibels(peak)
  }

  private static let reach = 24
  private static let zeros = [Float](repeating: 0, count: reach)

  /// Filters for a quarter, a half and three quarters of a sample behind sample `reach − 1`.
  private static let phases: [[Float]] = [0.25, 0.5, 0.75].map { shift in
    (0..<2 * reach).map { k in
      let t = Double(k - (reach - 1)) - shift
      let window = 0.5 + 0.5 * cos(Double.pi * t / (Double(reach) + 0.5))
      return Float(sin(Double.pi * t) / (Double.pi * t) * window)
    }
  }

  private static func decibels(_ amplitude: Float) -> Double? {
    amplitude > 0 ? 20 * log10(Double(amplitude)) : nil
  }
}
