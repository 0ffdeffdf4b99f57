import AudioFiles
import Editors
import Foundation
import Signal
import Tensors

/// The treble that a recording lacks: its own spectrum from under the cut-off, moved up, at the levels
/// that the network tells.
///
/// Fine structure, stereo image and attacks are the recording's own (spectral band replication); only
/// how loud each band is, frame by frame, is made up. Nothing is added under the cut-off.
final class RestoredHighs: StemSource {
  private let levels: TrebleLevels
  private let bins: [MovedBin]
  private var spectra: SongSpectra
  private var synthesis: [ISTFTStream]
  private var frame = 0
  private let levelFramesPerFrame: Double

  /// A bin over the cut-off, and the one that it is made of.
  private struct MovedBin {
    let bin: Int, source: Int
    /// Their places among the model's bands.
    let to: BandPlace, from: BandPlace
  }

  /// Loudest that a bin may be made against its source, a factor.
  private static let largestGain: Float = 8

  /// - Parameter gain: brings the song to the level that the network was trained at.
  init(
    _ song: Song, range: Range<Int>, estimator: any TrebleEstimator, cutoff: Cutoff, gain: Float
  ) throws {
    let layout = estimator.mel
    levels = try TrebleLevels(
      estimator, cutoff: cutoff,
      sound: try SoundStream(song, range: range, rate: layout.sampleRateHz, gain: gain))
    spectra = try SongSpectra(song, range: range, like: layout)
    synthesis = spectra.synthesis()
    let (own, rate) = (spectra.stft.layout, Double(song.info.sampleRate))
    bins = Self.bins(own.binCount, hzPerBin: rate / Double(own.fftSize), cutoff: cutoff, layout)
    levelFramesPerFrame = Double(own.hopSamples) / rate * layout.frameRate
  }

  /// Bins move by multiples of four: with hops of a quarter window, phases then go on unbroken.
  private static func bins(
    _ count: Int, hzPerBin: Double, cutoff: Cutoff, _ layout: MelLayout
  ) -> [MovedBin] {
    let first = Int(cutoff.hz / hzPerBin) + 1
    let highest = layout.highestHz
    // The upper half of what is there: the most alike.
    let width = max(4, first / 2 / 4 * 4)
    let places = BandPlace.places(of: layout)
    return (first..<count).compactMap { bin in
      let hz = Double(bin) * hzPerBin
      guard hz <= highest else { return nil }
      let steps = (bin - first) / width + 1
      let source = bin - steps * width
      return MovedBin(
        bin: bin, source: source, to: places(hz), from: places(Double(source) * hzPerBin))
    }
  }

  func next() throws -> [AudioBlock]? {
    guard let channels = try spectra.next() else { return nil }
    let gains = try nextGains(channels[0].frameCount)
    return [spectra.block(channels.map { moved($0, gains) }, by: &synthesis)]
  }

  /// Factors `[frame][moved bin]` of the next frames of the song's own STFT.
  private func nextGains(_ count: Int) throws -> [Float] {
    var gains: [Float] = []
    gains.reserveCapacity(count * bins.count)
    var (asked, heard) = ([Float](), [Float]())
    for index in frame..<frame + count {
      try levels.row(at: Double(index) * levelFramesPerFrame, asked: &asked, heard: &heard)
      for bin in bins {
        gains.append(min(Self.largestGain, expf(bin.to.value(asked) - bin.from.value(heard))))
      }
    }
    frame += count
    return gains
  }

  private func moved(_ frames: ComplexFrames, _ gains: [Float]) -> ComplexFrames {
    var out = ComplexFrames(
      binCount: frames.binCount, values: [Float](repeating: 0, count: frames.values.count))
    let width = 2 * frames.binCount
    frames.values.withUnsafeBufferPointer { from in
      out.values.withUnsafeMutableBufferPointer { to in
        for frame in 0..<frames.frameCount {
          for (index, bin) in bins.enumerated() {
            let gain = gains[frame * bins.count + index]
            to[frame * width + 2 * bin.bin] = gain * from[frame * width + 2 * bin.source]
            to[frame * width + 2 * bin.bin + 1] = gain * from[frame * width + 2 * bin.source + 1]
          }
        }
      }
    }
    return out
  }
}

/// A frequency between the centres of two bands, whose log levels are interpolated.
struct BandPlace {
  let lower: Int, upper: Int
  let share: Float

  func value(_ levels: [Float]) -> Float {
    levels[lower] + share * (levels[upper] - levels[lower])
  }

  /// What gives a frequency in hertz its place among the bands of a layout.
  static func places(of layout: MelLayout) -> (Double) -> BandPlace {
    let centres = Array(layout.edgesHz[1...layout.bands])
    return { hz in
      let upper = centres.firstIndex { $0 >= hz } ?? centres.count - 1
      let lower = max(0, centres[upper] >= hz ? upper - 1 : upper)
      let span = centres[upper] - centres[lower]
      let share = span > 0 ? min(max((hz - centres[lower]) / span, 0), 1) : 0
      return BandPlace(lower: lower, upper: upper, share: Float(share))
    }
  }
}
