import Foundation
import Signal

/// The mel spectrogram of one sound, gathered into the columns of a picture while the sound
/// streams by: memory does not grow with its length.
public struct SpectrogramPanel: Sendable {
  /// How finely a sound is looked at.
  public enum Detail: Sendable {
    /// Overlapping frames, 240 bands.
    case full
    /// At most about two frames a column and 72 bands, whatever lies between them: the work is
    /// bounded by the picture's size rather than the sound's length.
    case thumbnail
  }

  public let title: String
  public let durationSeconds: Double
  let columns: Int
  let layout: MelLayout

  /// Where the picture ends above.
  public var highestHz: Double { layout.highestHz }

  private var stream: MelStream
  /// Samples from one frame to the next; those behind a frame's own are not looked at.
  private let strideSamples: Int
  private var position = 0
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
  public init(
    title: String, sampleRate: Int, sampleCount: Int, columns: Int = 1000, detail: Detail = .full
  ) throws {
    self.title = title
    self.columns = columns
    durationSeconds = Double(sampleCount) / Double(max(1, sampleRate))
    let windowSeconds = detail == .full ? 0.08 : 0.04
    var size = 256
    while Double(size) < windowSeconds * Double(sampleRate) { size *= 2 }
    let step = sampleCount / max(1, columns)
    strideSamples =
      switch detail {
      case .full: min(size / 4, max(size / 64, step))
      case .thumbnail: max(size / 2, step / 2)
      }
    let hasGaps = strideSamples > size
    layout = MelLayout(
      sampleRateHz: sampleRate,
      stft: STFTLayout(
        fftSize: size, hopSamples: min(size, strideSamples), padding: hasGaps ? .none : .centred),
      bands: detail == .full ? 240 : 72, highestHz: min(24_000, Double(sampleRate) / 2),
      scale: .slaney, norm: .slaney, power: 2, compression: .none, floor: 0)
    stream = MelStream(try MelSpectrogram(layout))
    totalFrames =
      hasGaps
      ? (sampleCount + strideSamples - 1) / strideSamples
      : max(1, layout.stft.frameCount(samples: sampleCount))
    sums = [Float](repeating: 0, count: columns * layout.bands)
    counts = [Int32](repeating: 0, count: columns)
  }

  /// Takes the next samples of the sound (the mean of its channels).
  public mutating func push(_ samples: [Float]) {
    let size = layout.stft.fftSize
    guard strideSamples > size else { return take(stream.push(samples)) }
    var heard: [Float] = []
    var rest = samples[...]
    while !rest.isEmpty {
      let place = position % strideSamples
      let count = min(rest.count, (place < size ? size : strideSamples) - place)
      if place < size { heard += rest.prefix(count) }
      rest = rest.dropFirst(count)
      position += count
    }
    take(stream.push(heard))
  }

  /// Ends the sound.
  public mutating func finish() {
    let missing = layout.stft.fftSize - position % strideSamples
    if position % strideSamples > 0, missing > 0 {
      push([Float](repeating: 0, count: missing))
    }
    take(stream.finish())
  }

  private mutating func take(_ frames: MelFrames) {
    let bands = layout.bands
    for t in 0..<frames.frameCount {
      // With fewer frames than columns each frame fills the columns up to the next one.
      let first = min(columns - 1, frame * columns / totalFrames)
      let end = max(first + 1, min(columns, (frame + 1) * columns / totalFrames))
      for column in first..<end {
        counts[column] += 1
        for band in 0..<bands {
          sums[column * bands + band] += frames.values[t * bands + band]
        }
      }
      frame += 1
    }
  }

  /// Mean powers in dB `[column][band]`; −200 where there was no sound.
  var decibels: [Float] {
    sums.indices.map { i in
      let count = counts[i / layout.bands]
      return count == 0 ? -200 : 10 * log10f(max(sums[i] / Float(count), 1e-20))
    }
  }

  /// The band, counted from below in fractions, where a frequency stands.
  func position(hz: Double) -> Double {
    Self.share(hz: hz, highestHz: highestHz) * Double(layout.bands + 1) - 1
  }

  /// The share of a picture's height below a frequency.
  static func share(hz: Double, highestHz: Double) -> Double {
    MelFilters.hzToMel(hz, .slaney) / MelFilters.hzToMel(highestHz, .slaney)
  }
}
