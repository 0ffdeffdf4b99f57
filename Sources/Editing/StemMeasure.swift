import AudioFiles
import Foundation
import Metrics

/// What is to be known about a stem before it is mixed: how loud it is beside the song, and how far
/// it may be raised before the sum passes full scale.
struct StemMeasure {
  /// Integrated loudness in LUFS, of the song and the stem in the region.
  var songLoudness: Double { songMeter.integratedLUFS ?? -.infinity }
  var stemLoudness: Double { stemMeter.integratedLUFS ?? -.infinity }
  /// Loudness of what the edit changes when the stem's factor is `gain`.
  func changeLoudness(gain: Double) -> Double {
    let base = rule == .replace ? changeMeter.integratedLUFS ?? -.infinity : stemLoudness
    return base + 20 * log10(max(gain, 1e-9))
  }
  /// Largest factor of the stem with which song + stem stays within full scale.
  private(set) var largestGain = Double.infinity

  private let rule: MixRule
  private let region: Region
  private var songMeter: LoudnessMeter
  private var stemMeter: LoudnessMeter
  private var changeMeter: LoudnessMeter

  init(rule: MixRule, region: Region, info: AudioInfo) {
    self.rule = rule
    self.region = region
    songMeter = LoudnessMeter(sampleRate: info.sampleRate, channelCount: info.channelCount)
    stemMeter = songMeter
    changeMeter = songMeter
  }

  /// Ends the region; one under the meter's 400 ms is measured with silence behind it.
  mutating func finish(info: AudioInfo) {
    let missing = info.sampleRate / 2 - region.frames.count
    guard missing > 0 else { return }
    let silence = [Double](repeating: 0, count: missing * info.channelCount)
    songMeter.push(silence)
    stemMeter.push(silence)
    changeMeter.push(silence)
  }

  /// Takes the same frames of song and stem, from frame `start` of the song on.
  mutating func push(song: AudioBlock, stem: AudioBlock, at start: Int) {
    LoudnessMeter.push(song.samples, to: &songMeter, and: stem.samples, to: &stemMeter)
    if rule == .replace {
      changeMeter.push(zip(stem.samples, song.samples).map { $0 - $1 })
    }
    guard rule == .add else { return }
    let channels = song.channelCount
    for i in song.samples.indices {
      let value = stem.samples[i] * region.envelope(at: start + i / channels)
      guard value != 0 else { continue }
      let room = value > 0 ? 1 - song.samples[i] : 1 + song.samples[i]
      largestGain = min(largestGain, max(0, room) / abs(value))
    }
  }
}
