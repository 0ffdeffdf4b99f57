import Foundation
import Signal

/// Onsets and beats of a signal.
public enum Rhythm {
  /// Rise of the log-mel spectrum from frame to frame, normalised to a maximum of 1.
  struct Novelty {
    let values: [Float]
    let secondsPerFrame: Double
  }

  /// 10 ms frames of 46 ms, 40 mel bands down to −50 dB of the loudest, rise over two frames
  /// (which spans a fast attack).
  static func novelty(_ samples: [Float], sampleRate: Int) -> Novelty? {
    var size = 16
    while Double(size) < 0.035 * Double(sampleRate) { size *= 2 }
    let hop = max(1, sampleRate / 100)
    let layout = MelLayout(
      sampleRateHz: sampleRate, stft: STFTLayout(fftSize: size, hopSamples: hop), bands: 40,
      lowestHz: 30, highestHz: min(11_000, Double(sampleRate) / 2), scale: .htk, norm: .none,
      compression: .none, floor: 0)
    guard let mel = try? MelSpectrogram(layout) else { return nil }
    var frames = mel(samples)
    guard let loudest = frames.values.max(), loudest > 1e-6 else { return nil }
    for i in frames.values.indices {
      frames.values[i] = logf(max(frames.values[i], loudest * 0.003))
    }
    let lag = 2
    var values = [Float](repeating: 0, count: frames.frameCount)
    for t in lag..<max(lag, frames.frameCount) {
      var rise: Float = 0
      for band in 0..<40 {
        rise += max(0, frames.values[t * 40 + band] - frames.values[(t - lag) * 40 + band])
      }
      values[t] = rise
    }
    guard let peak = values.max(), peak > 1 else { return nil }
    return Novelty(
      values: values.map { $0 / peak }, secondsPerFrame: Double(hop) / Double(sampleRate))
  }

  /// Times at which sounds begin, seconds: local maxima of the novelty that stand 0.07 above its
  /// mean over ±100 ms, at least 30 ms apart.
  public static func onsets(_ samples: [Float], sampleRate: Int) -> [Double] {
    guard let novelty = novelty(samples, sampleRate: sampleRate) else { return [] }
    let x = novelty.values
    var times: [Double] = []
    var last = -100
    for t in x.indices {
      let near = x[max(0, t - 3)...min(x.count - 1, t + 3)]
      guard x[t] > 0, x[t] == near.max(), t - last > 3 else { continue }
      let wide = x[max(0, t - 10)...min(x.count - 1, t + 10)]
      guard x[t] >= wide.reduce(0, +) / Float(wide.count) + 0.07 else { continue }
      // A frame hears an attack about 10 ms before its own centre reaches it.
      times.append(Double(t + 1) * novelty.secondsPerFrame)
      last = t
    }
    return times
  }

  /// F1 of two lists of times, each time paired with at most one of the other list within
  /// `window` seconds (largest pairing); 1 when both are empty.
  public static func onsetF1(_ a: [Double], _ b: [Double], window: Double = 0.05) -> Double {
    if a.isEmpty && b.isEmpty { return 1 }
    if a.isEmpty || b.isEmpty { return 0 }
    let (x, y) = (a.sorted(), b.sorted())
    // For sorted times and one window width, pairing the earliest possible is the largest pairing.
    var (i, j, pairs) = (0, 0, 0)
    while i < x.count && j < y.count {
      if abs(x[i] - y[j]) <= window + 1e-9 {
        pairs += 1
        i += 1
        j += 1
      } else if x[i] < y[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return 2 * Double(pairs) / Double(x.count + y.count)
  }

  /// Beat times, seconds, by dynamic programming over the novelty (Ellis 2007): beats stand on
  /// strong onsets, about one period apart. The period is where the autocorrelation, weighted
  /// towards 120 beats a minute, is largest. Empty where there is no rhythm to be found.
  public static func beats(_ samples: [Float], sampleRate: Int) -> [Double] {
    guard let novelty = novelty(samples, sampleRate: sampleRate),
      let period = period(novelty)
    else { return [] }
    let x = novelty.values
    let tightness = 100.0
    var score = [Double](repeating: 0, count: x.count)
    var previous = [Int](repeating: -1, count: x.count)
    for t in x.indices {
      var best = 0.0
      for gap in period / 2...period * 2 where t - gap >= 0 {
        let ratio = log(Double(gap) / Double(period))
        let candidate = score[t - gap] - tightness * ratio * ratio
        if candidate > best { (best, previous[t]) = (candidate, t - gap) }
      }
      score[t] = Double(x[t]) * 10 + best
    }
    let tail = score.indices.suffix(2 * period)
    guard var t = tail.max(by: { score[$0] < score[$1] }) else { return [] }
    var beats: [Double] = []
    while t >= 0 {
      beats.append(Double(t) * novelty.secondsPerFrame)
      t = previous[t]
    }
    return beats.reversed()
  }

  /// Beat period in frames, between 40 and 240 beats a minute; nil for less than four seconds.
  private static func period(_ novelty: Novelty) -> Int? {
    let x = novelty.values
    let framesPerMinute = 60 / novelty.secondsPerFrame
    let range = Int(framesPerMinute / 240)...Int(framesPerMinute / 40)
    guard x.count > 2 * range.upperBound else { return nil }
    let mean = x.reduce(0, +) / Float(x.count)
    var (best, period) = (-Double.infinity, 0)
    for lag in range {
      var sum = 0.0
      for t in lag..<x.count { sum += Double((x[t] - mean) * (x[t - lag] - mean)) }
      let octaves = log2(framesPerMinute / Double(lag) / 120)
      let weighted = sum / Double(x.count - lag) * exp(-0.5 * octaves * octaves)
      if weighted > best { (best, period) = (weighted, lag) }
    }
    return best > 0 ? period : nil
  }
}
