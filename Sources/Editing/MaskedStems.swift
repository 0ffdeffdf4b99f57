import AudioFiles
import Editors
import Foundation
import Signal
import Tensors

/// What becomes of the masks of several stems.
enum MaskCombination: Equatable {
  /// One stem of all: the masks' sum, at most one.
  case sum
  /// A stem of each; masks are scaled down where they sum to more than one.
  case each
  /// One stem of the first so many, whose masks are led towards what they would be for `each`, as far
  /// as the masker says: where several stems claim the same, none gets all of it.
  case share(of: Int)
}

/// Stems cut out of the song by masks on its own complex spectrum: phase, stereo image and
/// bandwidth of the recording stay.
///
/// The masks are found at the model's rate and carried over by seconds and hertz; above the model's
/// band the topmost mask holds. A stereo song has a mask for each side; what has other channels is
/// heard as their mean, and its mask is the mean of both sides' masks.
final class MaskedStems: StemSource {
  let masker: any StemMasker
  private let info: AudioInfo
  private let track: MaskTrack
  private let combination: MaskCombination
  private var spectra: SongSpectra
  private let bins: BinCarrier
  /// `[stem][channel]`.
  private var synthesis: [[ISTFTStream]]
  private var frame = 0
  private let maskFramesPerFrame: Double

  /// Highest presence of each stem so far.
  var presence: [Float] { track.presence }

  /// - Parameters:
  ///   - texts: the stems' names, as states.
  ///   - gain: brings the song to the level that the masker was trained at.
  init(
    _ song: Song, range: Range<Int>, masker: any StemMasker, texts: [TextStates], gain: Float,
    combination: MaskCombination
  ) throws {
    self.masker = masker
    info = song.info
    self.combination = combination
    let layout = masker.mel
    track = try MaskTrack(
      masker, texts: texts,
      sound: try SoundStream(
        song, range: range, rate: layout.sampleRateHz, gain: gain, stereo: true))
    let spectra = try SongSpectra(song, range: range, like: layout)
    self.spectra = spectra
    bins = try BinCarrier(layout, rate: info.sampleRate, fftSize: spectra.stft.layout.fftSize)
    synthesis = [[ISTFTStream]](
      repeating: spectra.synthesis(), count: combination == .each ? texts.count : 1)
    maskFramesPerFrame =
      Double(spectra.stft.layout.hopSamples) / Double(info.sampleRate) * layout.frameRate
  }

  func next() throws -> [AudioBlock]? {
    guard let channels = try spectra.next() else { return nil }
    let masks = try nextMasks(channels[0].frameCount)
    return masks.enumerated().map { stem, sides in
      let masked = channels.enumerated().map { channel, frames in
        var masked = frames
        masked.scale(by: sides[min(channel, sides.count - 1)])
        return masked
      }
      return spectra.block(masked, by: &synthesis[stem])
    }
  }

  /// Masks `[stem][side][frame * bin]` of the next frames of the song's own STFT; one side serves all
  /// channels of a song that is not stereo.
  private func nextMasks(_ count: Int) throws -> [[[Float]]] {
    guard count > 0 else { return [[[Float]]](repeating: [[]], count: synthesis.count) }
    let places = (frame..<frame + count).map { Double($0) * maskFramesPerFrame }
    frame += count
    try track.advance(past: Int(places[count - 1]) + 1)
    var frameMask = [Float](repeating: 0, count: track.maskWidth)
    var masks = track.presence.indices.map { stem in
      var all = [Float]()
      all.reserveCapacity(count * track.maskWidth)
      for place in places {
        track.mask(of: stem, at: place, into: &frameMask)
        all += frameMask
      }
      return all
    }
    track.forget(before: Int(places[count - 1]))
    switch combination {
    case .sum: masks = [Self.sum(masks)]
    case .each: Self.share(&masks, weight: 1)
    case .share(let count):
      Self.share(&masks, weight: masker.shareWeight)
      masks = [Self.sum(Array(masks.prefix(count)))]
    }
    return masks.map { mask in sides(mask).map { bins($0) } }
  }

  /// `[frame][band][left, right]` to `[frame][band]` of each side, or of their mean.
  private func sides(_ mask: [Float]) -> [[Float]] {
    let places = 0..<mask.count / 2
    guard info.channelCount == 2 else {
      return [places.map { (mask[2 * $0] + mask[2 * $0 + 1]) / 2 }]
    }
    return (0..<2).map { side in places.map { mask[2 * $0 + side] } }
  }

  private static func sum(_ masks: [[Float]]) -> [Float] {
    guard masks.count > 1 else { return masks[0] }
    return masks[0].indices.map { i in min(1, masks.reduce(0) { $0 + $1[i] }) }
  }

  /// Where masks sum to more than one, leads each towards its share by `weight`, 0...1: with 1 they
  /// sum to one.
  private static func share(_ masks: inout [[Float]], weight: Float) {
    for i in masks[0].indices {
      let sum = masks.reduce(0) { $0 + $1[i] }
      guard sum > 1 else { continue }
      let factor = 1 - weight + weight / sum
      for stem in masks.indices { masks[stem][i] *= factor }
    }
  }
}

/// Carries masks on the model's mel bands to the bins of a spectrum of another rate and size.
struct BinCarrier {
  let bandCount: Int
  private let spread: BandSpread
  /// Lower of the two model bins that each bin lies between, and the share of the upper.
  private let places: [(bin: Int, share: Float)]

  init(_ layout: MelLayout, rate: Int, fftSize: Int) throws {
    let spread = BandSpread(try MelFilters(layout))
    self.spread = spread
    bandCount = layout.bands
    let hzPerBin = Double(layout.sampleRateHz) / Double(layout.stft.fftSize)
    places = (0...fftSize / 2).map { bin in
      let hz = Double(bin) * Double(rate) / Double(fftSize)
      let place = min(hz / hzPerBin, Double(spread.binCount - 1))
      return (Int(place), Float(place - place.rounded(.down)))
    }
  }

  /// `[frame][band]` to `[frame][bin]`.
  func callAsFunction(_ mask: [Float]) -> [Float] {
    let source = spread(mask)
    let frames = mask.count / bandCount
    let (width, binCount) = (spread.binCount, places.count)
    return [Float](unsafeUninitializedCapacity: frames * binCount) { out, filled in
      source.withUnsafeBufferPointer { source in
        places.withUnsafeBufferPointer { places in
          for frame in 0..<frames {
            for i in 0..<binCount {
              let at = frame * width + places[i].bin
              let next = places[i].share > 0 ? at + 1 : at
              out[frame * binCount + i] =
                source[at] + places[i].share * (source[next] - source[at])
            }
          }
        }
      }
      filled = frames * binCount
    }
  }
}
