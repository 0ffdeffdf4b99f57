import Foundation
import Signal

/// Distances between a result and its reference. Signals are `[channel][sample]`, full scale ±1;
/// both sides have the same channel count and length.
public enum Distances {
  /// Scale-invariant signal-to-distortion ratio, dB (Le Roux et al. 2019, eq. 4), all channels as
  /// one vector, means kept.
  ///
  /// +∞ for a scaled copy, −∞ where the estimate is orthogonal to the reference.
  /// - Returns: nil when one side is silent, because the ratio is not defined then.
  public static func siSDR(_ estimate: [[Float]], reference: [[Float]]) -> Double? {
    requireSameShape(estimate, reference)
    var (product, estimateEnergy, referenceEnergy) = (0.0, 0.0, 0.0)
    for (e, r) in zip(estimate, reference) {
      let sums = innerProducts(e, r)
      product += sums.ab
      estimateEnergy += sums.aa
      referenceEnergy += sums.bb
    }
    guard referenceEnergy > 0, estimateEnergy > 0 else { return nil }
    // |e − αr|² is summed sample by sample: its closed form cancels for good estimates.
    let alpha = product / referenceEnergy
    var error = 0.0
    for (e, r) in zip(estimate, reference) {
      for i in e.indices {
        let d = Double(e[i]) - alpha * Double(r[i])
        error += d * d
      }
    }
    return 10 * log10(alpha * alpha * referenceEnergy / error)
  }

  /// What the estimate gained over the unprocessed input, dB.
  public static func siSDRImprovement(
    _ estimate: [[Float]], input: [[Float]], reference: [[Float]]
  ) -> Double? {
    guard let after = siSDR(estimate, reference: reference),
      let before = siSDR(input, reference: reference)
    else { return nil }
    return after - before
  }

  /// Power that counts as silence in ``logSpectralDistance``: −100 dB.
  public static let silentPower: Float = 1e-10

  /// Log-spectral distance, dB: root of the mean squared difference of 10 · log10 |STFT|² over the
  /// bins of a frame, averaged over frames and channels. STFT of 2048, hop 512, divided by the
  /// window's sum (a full-scale sine has 0.25 in its bin); powers under −100 dB count as −100 dB.
  /// - Returns: nil for empty signals.
  public static func logSpectralDistance(_ output: [[Float]], reference: [[Float]]) -> Double? {
    requireSameShape(output, reference)
    guard let stft = try? STFT(STFTLayout(fftSize: 2048, hopSamples: 512)) else { return nil }
    // Sum of the window: 1024.
    let scale: Float = 1 / (1024 * 1024)
    var (sum, frames) = (0.0, 0)
    for (a, b) in zip(output, reference) {
      let (x, y) = (stft(a), stft(b))
      for t in 0..<x.frameCount {
        var squares = 0.0
        for bin in 0..<x.binCount {
          let i = 2 * (t * x.binCount + bin)
          let p = (x.values[i] * x.values[i] + x.values[i + 1] * x.values[i + 1]) * scale
          let q = (y.values[i] * y.values[i] + y.values[i + 1] * y.values[i + 1]) * scale
          let d = 10 * Double(log10f(max(p, silentPower)) - log10f(max(q, silentPower)))
          squares += d * d
        }
        sum += (squares / Double(x.binCount)).squareRoot()
      }
      frames += x.frameCount
    }
    return frames > 0 ? sum / Double(frames) : nil
  }

  /// Share of the sample instants at which any channel differs at all, 0 … 1; samples interleaved.
  public static func changedShare(
    _ output: [Double], _ input: [Double], channelCount: Int
  ) -> Double {
    precondition(output.count == input.count && channelCount > 0)
    let frames = output.count / channelCount
    guard frames > 0 else { return 0 }
    var changed = 0
    output.withUnsafeBufferPointer { a in
      input.withUnsafeBufferPointer { b in
        for f in 0..<frames {
          for c in f * channelCount..<(f + 1) * channelCount where a[c] != b[c] {
            changed += 1
            break
          }
        }
      }
    }
    return Double(changed) / Double(frames)
  }

  /// ``changedShare(_:_:channelCount:)`` of separate channels.
  public static func changedShare(_ output: [[Float]], _ input: [[Float]]) -> Double {
    requireSameShape(output, input)
    guard let frames = output.first?.count, frames > 0 else { return 0 }
    let changed = (0..<frames).count { f in
      output.indices.contains { output[$0][f] != input[$0][f] }
    }
    return Double(changed) / Double(frames)
  }

  private static func innerProducts(
    _ a: [Float], _ b: [Float]
  ) -> (ab: Double, aa: Double, bb: Double) {
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for i in 0..<a.count {
          let (x, y) = (Double(a[i]), Double(b[i]))
          ab += x * y
          aa += x * x
          bb += y * y
        }
      }
    }
    return (ab, aa, bb)
  }
}

func requireSameShape(_ a: [[Float]], _ b: [[Float]]) {
  precondition(a.map(\.count) == b.map(\.count), "signals of different shape")
}

/// Mean of the channels.
func mixDown(_ channels: [[Float]]) -> [Float] {
  guard let first = channels.first else { return [] }
  if channels.count == 1 { return first }
  let scale = 1 / Float(channels.count)
  return first.indices.map { i in channels.reduce(0) { $0 + $1[i] } * scale }
}
