import Foundation
import Tensors

/// What the mask network hears of stereo sound, for each frame and mel band three numbers:
/// log-mel of the channels' mean power; balance (L - R) / (L + R) and coherence
/// 2 Re<L, R> / (L + R) of the band's powers. Sound that is the same on both sides has balance 0
/// and coherence 1; silence has 0 and 0.
///
/// Equals `stereo` in Models/training/music/features.py.
public struct StereoFeatures: Sendable {
  /// Numbers for each band.
  public static let perBand = 3

  public let layout: MelLayout
  let stft: STFT
  private let filters: MelFilters
  private let spread: BandSpread

  /// - Parameter layout: magnitudes (`power` 1) in natural logarithms.
  public init(_ layout: MelLayout) throws {
    precondition(layout.power == 1 && layout.compression == .ln)
    self.layout = layout
    stft = try STFT(layout.stft)
    filters = try MelFilters(layout)
    spread = BandSpread(filters)
  }

  /// `[frame][band][3]` of as many frames as both channels have.
  public func callAsFunction(left: ComplexFrames, right: ComplexFrames) -> [Float] {
    precondition(left.frameCount == right.frameCount)
    let (frames, bins, bands) = (left.frameCount, left.binCount, layout.bands)
    return [Float](unsafeUninitializedCapacity: frames * bands * Self.perBand) { out, filled in
      left.values.withUnsafeBufferPointer { left in
        right.values.withUnsafeBufferPointer { right in
          nonisolated(unsafe) let (left, right) = (left.baseAddress, right.baseAddress)
          nonisolated(unsafe) let out = out.baseAddress
          parallelRanges(frames, grain: STFT.framesPerTask) { range in
            var scratch = Scratch(bins: bins, bands: bands)
            for t in range {
              frame(
                left! + 2 * t * bins, right! + 2 * t * bins, &scratch,
                out! + t * bands * Self.perBand)
            }
          }
        }
      }
      filled = frames * bands * Self.perBand
    }
  }

  private struct Scratch {
    var magnitude: [Float], difference: [Float], total: [Float], inner: [Float]
    var level: [Float], balance: [Float], coherence: [Float], sum: [Float]

    init(bins: Int, bands: Int) {
      let bin = [Float](repeating: 0, count: bins)
      let band = [Float](repeating: 0, count: bands)
      (magnitude, difference, total, inner) = (bin, bin, bin, bin)
      (level, balance, coherence, sum) = (band, band, band, band)
    }
  }

  private func frame(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ s: inout Scratch,
    _ out: UnsafeMutablePointer<Float>
  ) {
    for bin in s.total.indices {
      let (a, b) = (left[2 * bin], left[2 * bin + 1])
      let (c, d) = (right[2 * bin], right[2 * bin + 1])
      let (power, other) = (a * a + b * b, c * c + d * d)
      s.total[bin] = power + other
      s.difference[bin] = power - other
      s.inner[bin] = 2 * (a * c + b * d)
      s.magnitude[bin] = ((power + other) / 2).squareRoot()
    }
    filters.apply(s.magnitude, into: &s.level)
    spread.gather(s.total, into: &s.sum)
    spread.gather(s.difference, into: &s.balance)
    spread.gather(s.inner, into: &s.coherence)
    let floor = Float(layout.floor)
    for band in s.level.indices {
      let total = s.sum[band] + 1e-6
      out[3 * band] = logf(max(s.level[band], floor))
      out[3 * band + 1] = s.balance[band] / total
      out[3 * band + 2] = s.coherence[band] / total
    }
  }
}

/// ``StereoFeatures`` of a signal that arrives in blocks: the same frames, whatever the blocks.
public struct StereoFeatureStream: Sendable {
  public let features: StereoFeatures
  private var left: STFTStream, right: STFTStream

  public init(_ features: StereoFeatures) {
    self.features = features
    left = STFTStream(features.stft)
    right = left
  }

  /// Takes samples and gives the frames that are complete, `[frame][band][3]`.
  ///
  /// - Parameter channels: left and right, or one channel for both; the same count in every call.
  public mutating func push(_ channels: [[Float]]) -> [Float] {
    let spectra = left.push(channels[0])
    return features(left: spectra, right: channels.count > 1 ? right.push(channels[1]) : spectra)
  }

  /// Ends the signal and gives its last frames.
  /// - Parameter channelCount: as `push` was given.
  public mutating func finish(channelCount: Int) -> [Float] {
    let spectra = left.finish()
    return features(left: spectra, right: channelCount > 1 ? right.finish() : spectra)
  }
}
