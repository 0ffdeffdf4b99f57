import AudioFiles
import Editors
import Foundation
import Signal
import Transcripts

/// Speaks what a transcript says in a gap of a recording, in its voice and room, and joins it.
final class GapFiller {
  private let filler: SpeechFiller
  private let phonemizer: Phonemizer
  private let seed: UInt64
  /// The synthesizer's words, by pitch and text: neighbouring gaps hear the same ones.
  private var kept: [String: SaidWord] = [:]

  /// Longest gap, seconds: half of the window that the painter hears.
  static let longestSeconds = 2.5
  /// Gaps up to this length are filled by `.continue` in `.auto`. Chosen on dev: see
  /// Benchmarks/speech/RESULTS.md.
  static let continuedSeconds = 0.1
  /// What is heard of each side of a gap that is continued, and the filter's length: longer than the
  /// period of a low voice. Seconds.
  private static let continuedPastSeconds = 0.1, continuedOrderSeconds = 1.0 / 60
  /// Silence on both sides of a word of the guide, seconds; as in the training.
  private static let guidePauseSeconds = 0.05
  /// The rate at which a voice's pitch is looked for, Hz, how many voiced frames beside a gap tell it,
  /// the step to which it is rounded, and what is taken where there is no voice.
  private static let pitchRate = 8000, pitchFrames = 100, pitchStep = 4.0, usualPitch = 120.0
  /// Words that are kept; then all are forgotten.
  private static let keptWords = 500
  /// Peak of the window's sound for the network.
  private static let modelPeak = 0.5

  init(filler: SpeechFiller, phonemizer: Phonemizer, seed: UInt64) {
    (self.filler, self.phonemizer, self.seed) = (filler, phonemizer, seed)
  }

  /// - Parameters:
  ///   - song: the recording, with the gaps before this one filled.
  ///   - gap: frames of the recording.
  ///   - others: what is still to be filled.
  ///   - speech: with the times of what lies in the gap.
  /// - Returns: samples for exactly the gap's frames.
  func fill(_ song: Song, gap: Range<Int>, others: [Range<Int>], speech: AlignedSpeech) throws
    -> Patch
  {
    let rate = song.info.sampleRate
    let model = filler.mel.sampleRateHz
    let reach = filler.heardSamples / 2 * rate / model
    let middle = (gap.lowerBound + gap.upperBound) / 2
    let heard = max(0, middle - reach)..<min(song.info.frameCount, middle + reach)
    let window = try song.reader().window(heard, of: song.info)
    // Nothing of what is damaged reaches the network.
    func inside(_ range: Range<Int>) -> Range<Int> {
      let part = range.clamped(to: heard)
      return part.lowerBound - heard.lowerBound..<part.upperBound - heard.lowerBound
    }
    let damaged = ([gap] + others).map(inside)
    var mono = window.mono()
    for range in damaged {
      for index in range { mono[index] = 0 }
    }
    let peak = mono.reduce(0) { max($0, abs($1)) }
    let gain = peak > 1e-5 ? Float(Self.modelPeak) / peak : 1
    let sound = try StreamResampler.resample(mono.map { $0 * gain }, from: rate, to: model)
    func scaled(_ frame: Int) -> Int { frame * model / rate }
    let made = try filler.fill(
      sound, gap: scaled(damaged[0].lowerBound)..<scaled(damaged[0].upperBound),
      others: damaged.dropFirst().filter { !$0.isEmpty }
        .map { scaled($0.lowerBound)..<scaled($0.upperBound) },
      phonemes: phonemes(speech, in: heard, rate: Double(rate)),
      words: guide(
        speech, in: heard, rate: Double(rate),
        hz: pitch(of: mono, around: damaged[0], rate: rate)), seed: seed)
    let back = try StreamResampler.resample(made.map { $0 / gain }, from: model, to: rate)
    let spoken = damaged[0].map { $0 < back.count ? Double(back[$0]) : 0 }
    return Patch(
      frames: gap,
      block: join(
        spoken, into: window, at: damaged[0], mono: mono, damaged: damaged, rate: Double(rate)))
  }

  /// Lets the sound on both sides of a gap go on into it by linear prediction, each channel by itself.
  /// - Returns: samples for exactly the gap's frames.
  func continued(_ song: Song, gap: Range<Int>, others: [Range<Int>]) throws -> Patch {
    let rate = Double(song.info.sampleRate)
    let reach = Int(Self.continuedPastSeconds * rate)
    // A gap beside this one is no sound to go on from.
    let left = others.map(\.upperBound).filter { $0 <= gap.lowerBound }.max() ?? 0
    let right = others.map(\.lowerBound).filter { $0 >= gap.upperBound }.min() ?? .max
    let range = max(gap.lowerBound - reach, left)..<min(gap.upperBound + reach, right)
    let window = try song.reader().window(range, of: song.info)
    let before = gap.lowerBound - range.lowerBound
    let count = window.channelCount
    var block = AudioBlock(channelCount: count, silentFrames: gap.count)
    for channel in 0..<count {
      let own = window.line(channel)
      func line(_ past: [Double]) -> [Double] {
        LinearPredictor(past, order: Int(Self.continuedOrderSeconds * rate))
          .continuing(past, count: gap.count)
      }
      let forward = line(Array(own[..<before]))
      let backward = line(Array(own[(before + gap.count)...].reversed()))
      for index in 0..<gap.count {
        // Both are alike at their own ends only: powers add up to one.
        let angle = Double.pi / 2 * (Double(index) + 0.5) / Double(gap.count)
        block.samples[index * count + channel] =
          forward[index] * cos(angle) + backward[gap.count - 1 - index] * sin(angle)
      }
    }
    return Patch(frames: gap, block: block)
  }

  /// What is said in frames of the recording, in samples of the network's rate.
  private func phonemes(_ speech: AlignedSpeech, in heard: Range<Int>, rate: Double)
    -> [TimedPhoneme]
  {
    let model = Double(filler.mel.sampleRateHz)
    let (start, end) = (Double(heard.lowerBound) / rate, Double(heard.upperBound) / rate)
    return speech.words.flatMap(\.phones).filter { $0.end > start && $0.start < end }.map {
      TimedPhoneme(
        phoneme: $0.phoneme, start: Float(($0.start - start) * model),
        end: Float(($0.end - start) * model))
    }
  }

  /// The pitch that the voice has beside a gap, Hz.
  private func pitch(of mono: [Float], around gap: Range<Int>, rate: Int) throws -> Double {
    let sound = try StreamResampler.resample(mono, from: rate, to: Self.pitchRate)
    let middle = Double(gap.lowerBound + gap.upperBound) / Double(2 * rate)
    let near = VoicePitch.track(sound, sampleRate: Double(Self.pitchRate))
      .sorted { abs($0.seconds - middle) < abs($1.seconds - middle) }
      .prefix(Self.pitchFrames).map(\.hz).sorted()
    let median = near.isEmpty ? Self.usualPitch : near[near.count / 2]
    return (median / Self.pitchStep).rounded() * Self.pitchStep
  }

  /// The words in frames of the recording as the synthesizer says them.
  private func guide(_ speech: AlignedSpeech, in heard: Range<Int>, rate: Double, hz: Double) throws
    -> [GuideWord]
  {
    let (start, end) = (Double(heard.lowerBound) / rate, Double(heard.upperBound) / rate)
    let words = speech.words.filter { $0.end > start && $0.start < end }
    func samples(_ seconds: Double) -> Double { seconds * Double(filler.mel.sampleRateHz) }
    return try zip(words, SpokenEnglish.words(words.map(\.text.text))).map { word, text in
      let spoken = try self.word(saying: text, hz: hz)
      return GuideWord(
        samples: spoken.samples, phonemes: spoken.phonemes,
        own: word.phones.map { samples($0.start - start)...samples(max($0.start, $0.end) - start) })
    }
  }

  /// A word with a pause on both sides, at the network's rate; phonemes in samples.
  private struct SaidWord {
    let samples: [Float]
    let phonemes: [ClosedRange<Double>]
  }

  private func word(saying text: String, hz: Double) throws -> SaidWord {
    let key = "\(Int(hz)) \(text)"
    if let word = kept[key] { return word }
    let model = filler.mel.sampleRateHz
    let spoken = try phonemizer.spoken(text, hz: hz)
    let pause = [Float](
      repeating: 0, count: Int(Self.guidePauseSeconds * Double(spoken.sampleRate)))
    func samples(_ seconds: Double) -> Double {
      (seconds + Self.guidePauseSeconds) * Double(model)
    }
    let word = SaidWord(
      samples: try StreamResampler.resample(
        pause + spoken.samples + pause, from: spoken.sampleRate, to: model),
      phonemes: spoken.phonemes.map { samples($0.lowerBound)...samples($0.upperBound) })
    if kept.count >= Self.keptWords { kept = [:] }
    kept[key] = word
    return word
  }

  /// Puts the spoken gap into each channel at the level that the channel has beside it, and fades
  /// from and to what linear prediction makes of the sound at the gap's ends.
  private func join(
    _ spoken: [Double], into window: AudioBlock, at gap: Range<Int>, mono: [Float],
    damaged: [Range<Int>], rate: Double
  ) -> AudioBlock {
    let joint = PatchJoint(sampleRate: rate)
    let count = window.channelCount
    var out = AudioBlock(channelCount: count, silentFrames: gap.count)
    for channel in 0..<count {
      let own = window.line(channel)
      let share = share(of: own, in: mono, without: damaged)
      var line = spoken.map { $0 * share }
      joint.join(&line, before: own[..<gap.lowerBound], after: own[gap.upperBound...])
      for index in line.indices { out.samples[index * count + channel] = line[index] }
    }
    return out
  }

  /// The factor with which the mean of the channels comes nearest to a channel.
  private func share(of own: [Double], in mono: [Float], without damaged: [Range<Int>]) -> Double {
    var (product, power) = (0.0, 0.0)
    for index in own.indices where !damaged.contains(where: { $0.contains(index) }) {
      product += own[index] * Double(mono[index])
      power += Double(mono[index]) * Double(mono[index])
    }
    return power > 0 ? product / power : 1
  }
}
