import Foundation
import Signal

/// Pitch classes of a signal, and how well two signals agree in them.
public enum Harmony {
  /// Chroma `[frame][12]`, C first: magnitudes of the spectral peaks between 60 Hz and 4.2 kHz
  /// (within 50 dB of their frame's largest), each given to its nearest pitch class.
  public struct Chroma: Sendable {
    public let values: [Float]
    public let secondsPerFrame: Double
    public var frameCount: Int { values.count / 12 }
  }

  public static func chroma(_ samples: [Float], sampleRate: Int) -> Chroma? {
    var size = 16
    while Double(size) < 0.16 * Double(sampleRate) { size *= 2 }
    let hop = size / 8
    guard let stft = try? STFT(STFTLayout(fftSize: size, hopSamples: hop)) else { return nil }
    var stream = STFTStream(stft)
    var values: [Float] = []
    func take(_ frames: ComplexFrames) {
      let magnitudes = frames.magnitudes()
      for t in 0..<frames.frameCount {
        let start = t * frames.binCount
        values += classes(
          magnitudes[start..<start + frames.binCount],
          binHz: Double(sampleRate) / Double(size))
      }
    }
    let block = 1 << 18
    for start in stride(from: 0, to: samples.count, by: block) {
      take(stream.push(Array(samples[start..<min(samples.count, start + block)])))
    }
    take(stream.finish())
    return Chroma(values: values, secondsPerFrame: Double(hop) / Double(sampleRate))
  }

  private static func classes(_ frame: ArraySlice<Float>, binHz: Double) -> [Float] {
    var out = [Float](repeating: 0, count: 12)
    let x = Array(frame)
    let low = max(2, Int(60 / binHz))
    let high = min(x.count - 2, Int(4200 / binHz))
    guard low < high, let peak = x[low...high].max(), peak > 1e-6 else { return out }
    for k in low...high where x[k] > x[k - 1] && x[k] >= x[k + 1] && x[k] > peak * 0.003 {
      // Parabola through the logarithms of the three bins: the peak's true place.
      let (a, b, c) = (logf(x[k - 1] + 1e-9), logf(x[k]), logf(x[k + 1] + 1e-9))
      let bend = a - 2 * b + c
      let shift = bend < 0 ? Double(0.5 * (a - c) / bend) : 0
      let pitch = 69 + 12 * log2((Double(k) + shift) * binHz / 440)
      let nearest = pitch.rounded()
      let deviation = pitch - nearest
      let index = ((Int(nearest) % 12) + 12) % 12
      out[index] += x[k] * Float(exp(-0.5 * pow(deviation / 0.25, 2)))
    }
    return out
  }

  /// Mean cosine of the two signals' chroma over the beats of `second` (half-second steps where
  /// it has none), counting beats at which both sound; 0 … 1.
  /// - Returns: nil when they never sound together.
  public static func beatChromaAgreement(
    _ first: [Float], _ second: [Float], sampleRate: Int
  ) -> Double? {
    guard let a = chroma(first, sampleRate: sampleRate),
      let b = chroma(second, sampleRate: sampleRate)
    else { return nil }
    let seconds = Double(min(first.count, second.count)) / Double(sampleRate)
    var edges = Rhythm.beats(second, sampleRate: sampleRate)
    if edges.count < 3 { edges = Array(stride(from: 0, to: seconds, by: 0.5)) }
    edges = [0] + edges.filter { $0 > 0.05 && $0 < seconds - 0.05 } + [seconds]
    let loudest = (mean(a, 0...seconds).max() ?? 0, mean(b, 0...seconds).max() ?? 0)
    var (sum, count) = (0.0, 0)
    for (start, end) in zip(edges, edges.dropFirst()) {
      let (x, y) = (mean(a, start...end), mean(b, start...end))
      guard (x.max() ?? 0) > loudest.0 * 0.01, (y.max() ?? 0) > loudest.1 * 0.01 else { continue }
      var (xy, xx, yy) = (0.0, 0.0, 0.0)
      for i in 0..<12 {
        xy += x[i] * y[i]
        xx += x[i] * x[i]
        yy += y[i] * y[i]
      }
      sum += xy / (xx * yy).squareRoot()
      count += 1
    }
    return count > 0 ? sum / Double(count) : nil
  }

  /// Mean chroma of the frames centred in a stretch of time; zeros where there are none.
  private static func mean(_ chroma: Chroma, _ seconds: ClosedRange<Double>) -> [Double] {
    var out = [Double](repeating: 0, count: 12)
    let first = max(0, Int((seconds.lowerBound / chroma.secondsPerFrame).rounded(.up)))
    let last = min(chroma.frameCount - 1, Int(seconds.upperBound / chroma.secondsPerFrame))
    guard first <= last else { return out }
    for t in first...last {
      for i in 0..<12 { out[i] += Double(chroma.values[t * 12 + i]) }
    }
    return out.map { $0 / Double(last - first + 1) }
  }
}
