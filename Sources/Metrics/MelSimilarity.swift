import Foundation
import Signal

/// Structural similarity (Wang et al. 2004) of log-mel spectrograms, −1 … 1.
///
/// Pictures: 128 Slaney bands to half the sample rate, STFT of 2048, hop 512, of the channels'
/// mean; dB relative to the reference's loudest value, cut at −80 dB, scaled to 0 … 1. SSIM with
/// the usual Gaussian window (11 × 11, σ 1.5), K1 0.01, K2 0.03.
public enum MelSimilarity {
  /// - Returns: nil when the signals have fewer than 11 frames or the reference is silent.
  public static func logMelSSIM(
    _ output: [[Float]], reference: [[Float]], sampleRate: Int
  ) -> Double? {
    requireSameShape(output, reference)
    let layout = MelLayout(
      sampleRateHz: sampleRate, stft: STFTLayout(fftSize: 2048, hopSamples: 512), bands: 128,
      scale: .slaney, norm: .slaney, compression: .dB, floor: 1e-7)
    guard let mel = try? MelSpectrogram(layout) else { return nil }
    let (a, b) = (mel(mixDown(output)), mel(mixDown(reference)))
    guard let peak = b.values.max(), peak > -139 else { return nil }
    func scaled(_ frames: MelFrames) -> [Double] {
      frames.values.map { Double(min(1, max(0, ($0 - peak + 80) / 80))) }
    }
    return ssim(scaled(a), scaled(b), width: layout.bands)
  }

  private static let radius = 5
  private static let kernel: [Double] = {
    let raw = (-radius...radius).map { exp(-0.5 * pow(Double($0) / 1.5, 2)) }
    return raw.map { $0 / raw.reduce(0, +) }
  }()

  /// Mean SSIM of two pictures with values 0 … 1, rows of `width`, over the pixels that are at
  /// least 5 away from the border; nil when there are none.
  package static func ssim(_ a: [Double], _ b: [Double], width: Int) -> Double? {
    let height = a.count / width
    guard width > 2 * radius, height > 2 * radius else { return nil }
    let (c1, c2) = (1e-4, 9e-4)
    let meanA = blur(a, width)
    let meanB = blur(b, width)
    let squareA = blur(zip(a, a).map(*), width)
    let squareB = blur(zip(b, b).map(*), width)
    let product = blur(zip(a, b).map(*), width)
    var sum = 0.0
    for i in meanA.indices {
      let (ma, mb) = (meanA[i], meanB[i])
      let varianceA = squareA[i] - ma * ma
      let varianceB = squareB[i] - mb * mb
      let covariance = product[i] - ma * mb
      sum +=
        (2 * ma * mb + c1) * (2 * covariance + c2)
        / ((ma * ma + mb * mb + c1) * (varianceA + varianceB + c2))
    }
    return sum / Double(meanA.count)
  }

  /// Gaussian blur of the inner pixels: (height − 10) rows of (width − 10).
  private static func blur(_ image: [Double], _ width: Int) -> [Double] {
    let height = image.count / width
    let inner = width - 2 * radius
    var rows = [Double](repeating: 0, count: height * inner)
    for y in 0..<height {
      for x in 0..<inner {
        var sum = 0.0
        for k in 0...2 * radius { sum += kernel[k] * image[y * width + x + k] }
        rows[y * inner + x] = sum
      }
    }
    var out = [Double](repeating: 0, count: (height - 2 * radius) * inner)
    for y in 0..<height - 2 * radius {
      for x in 0..<inner {
        var sum = 0.0
        for k in 0...2 * radius { sum += kernel[k] * rows[(y + k) * inner + x] }
        out[y * inner + x] = sum
      }
    }
    return out
  }
}
