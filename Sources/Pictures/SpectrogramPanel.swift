import Foundation
import Signal

/// The mel spectrogram of one sound, gathered into the columns of a picture while the sound
/// streams by: memory does not grow with its length.
public struct SpectrogramPanel: Sendable {
  public let title: String
  public let durationSeconds: Double
  let columns: Int
  let layout: MelLayout

  static let bands = 240

  private var stream: MelStream
  private let totalFrames: Int
  private var frame = 0
  /// Sums of powers `[column][band]`, and how many frames each column has.
  private var sums: [Float]
  private var counts: [Int32]

  /// - Parameters:
  ///   - title: one line above the picture.
  ///   - sampleCount: of the whole sound; sets the time axis.
  ///   - columns: width in pixels.
  /// - Throws: ``SignalError`` for rates outside of 1 to 768 kHz.
  public init(title: String, sampleRate: Int, sampleCount: Int, columns: Int = 1000) throws {
    self.title = title
    self.columns = columns
    durationSeconds = Double(sampleCount) / Double(max(1, sampleRate))
    var size = 256
    while Double(size) < 0.08 * Double(sampleRate) { size *= 2 }
    let hop = min(size / 4, max(size / 64, sampleCount / max(1, columns)))
    layout = MelLayout(
      sampleRateHz: sampleRate, stft: STFTLayout(fftSize: size, hopSamples: hop),
      bands: Self.bands, highestHz: min(24_000, Double(sampleRate) / 2), scale: .slaney,
      norm: .slaney, power: 2, compression: .none, floor: 0)
    stream = MelStream(try MelSpectrogram(layout))
    totalFrames = max(1, layout.stft.frameCount(samples: sampleCount))
    sums = [Float](repeating: 0, count: columns * Self.bands)
    counts = [Int32](repeating: 0, count: columns)
  }

  /// Takes the next samples of the sound (the mean of its channels).
  public mutating func push(_ samples: [Float]) { take(stream.push(samples)) }

  /// Ends the sound.
  public mutating func finish() { take(stream.finish()) }

  private mutating func take(_ frames: MelFrames) {
    for t in 0..<frames.frameCount {
      // With fewer frames than columns each frame fills the columns up to the next one.
      let first = min(columns - 1, frame * columns / totalFrames)
      let end = max(first + 1, min(columns, (frame + 1) * columns / totalFrames))
      for column in first..<end {
        counts[column] += 1
        for band in 0..<Self.bands {
          sums[column * Self.bands + band] += frames.values[t * Self.bands + band]
        }
      }
      frame += 1
    }
  }

  /// Mean powers in dB `[column][band]`; −200 where there was no sound.
  var decibels: [Float] {
    sums.indices.map { i in
      let count = counts[i / Self.bands]
      return count == 0 ? -200 : 10 * log10f(max(sums[i] / Float(count), 1e-20))
    }
  }

  /// The band, counted from below in fractions, where a frequency stands.
  func position(hz: Double) -> Double {
    let high = MelFilters.hzToMel(layout.highestHz, layout.scale)
    return MelFilters.hzToMel(hz, layout.scale) / high * Double(Self.bands + 1) - 1
  }
}
