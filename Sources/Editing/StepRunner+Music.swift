import AudioFiles
import Foundation
import Instructions
import Tensors

extension StepRunner {
  /// A part of the song, alone.
  struct Followed {
    let song: Song
    /// Brings it to the level that the models were trained at.
    let gain: Float
    /// Integrated, in LUFS.
    let loudness: Double
    /// Factors that put a mono sound where it stands, one for each channel.
    let balance: [Double]
  }

  /// The part that an added one follows, as it is cut out of the original song; nil where none is
  /// followed, or nothing of it is heard.
  func followed(
    by step: PlanStep, in original: Song, _ range: Range<Int>
  ) throws -> Followed? {
    guard let name = step.following else { return nil }
    let part = PlanStep(operation: .extract, target: name, confidence: 1, text: "")
    let level = try SongLevels(of: original) { _ in }
    let source = try source(part, .mask, original, range, gain: level.modelGain)
    let info = original.info
    let region = Region(range, songFrames: info.frameCount, sampleRate: info.sampleRate)
    let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
    let reader = try original.reader()
    var measure = StemMeasure(rule: .subtract, region: region, info: info)
    var own = SongLevels()
    var balance = ChannelBalance(channelCount: info.channelCount)
    try collect(
      source, range, range, into: scratch, progress: { _ in },
      take: {
        own.push($0)
        balance.push($0)
        measure.push(song: try reader.read($1), stem: $0, at: $1.lowerBound)
      })
    measure.finish(info: info)
    guard measure.stemLoudness - measure.songLoudness > Self.audibleLU else { return nil }
    let mix = StemMix(
      rule: .replace, region: region, gain: 1, encoding: .float(bits: 32), scratch: scratch)
    return Followed(
      song: Song(original, mix), gain: own.modelGain, loudness: measure.stemLoudness,
      balance: balance.factors)
  }

  /// Keeps the voice, and has everything else played anew by the step's instruments, each of which
  /// hears the song as it was: its chords, tempo and form stay. Together they are as loud as what they
  /// stand for.
  ///
  /// After the remix operation of InstructME (2308.14360), with a stem for each instrument.
  func remix(
    _ step: PlanStep, _ region: Region, on song: Song, progress: @escaping ProgressHandler
  ) throws -> Outcome {
    let info = song.info
    let levels = try SongLevels(of: song) { _ in }
    let range = Self.heard(around: region.frames, of: info)
    let names = [step.target] + step.also
    // With the same noise, layers would be alike where their texts say little.
    var random = Philox(seed: options.seed)
    let seeds = names.map { _ in random.next() }
    /// Makes layer `index` of all, and gives each of its pieces with the song's.
    func layer(
      _ index: Int, _ name: String,
      take: (_ stem: AudioBlock, _ song: AudioBlock, _ at: Int) -> Void
    ) throws -> ScratchAudio {
      let isVoice = index == 0
      let part = PlanStep(
        operation: isVoice ? .extract : .add, target: name, confidence: 1, text: "")
      let source = try source(
        part, isVoice ? .mask : .diffusion, song, range, gain: levels.modelGain,
        region: region.frames, seed: isVoice ? nil : seeds[index - 1])
      let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
      let reader = try song.reader()
      try collect(
        source, range, region.frames, into: scratch,
        progress: {
          let done = (Double(index) + $0) / Double(names.count + 1)
          try progress(EditProgress(fraction: done, activity: Self.activity(part)))
        }, take: { take($0, try reader.read($1), $1.lowerBound) })
      return scratch
    }

    let blank = StemMeasure(rule: .subtract, region: region, info: info)
    var rest = blank  // what the instruments stand for
    let voice = try layer(0, MusicParts.voice) { stem, song, frame in
      var without = song
      without.mix(stem, gain: -1)
      rest.push(song: song, stem: without, at: frame)
    }
    rest.finish(info: info)
    var band: [(sound: ScratchAudio, gain: Double)] = []
    for (index, name) in names.enumerated() {
      var measure = blank
      let sound = try layer(index + 1, name) { measure.push(song: $1, stem: $0, at: $2) }
      measure.finish(info: info)
      band.append((sound, Self.levelling(measure.stemLoudness - measure.songLoudness)))
    }
    let (sum, measure) = try mixed(
      voice, band, loudness: rest.stemLoudness, region, try song.reader(), info)
    return try conclude(
      step, .diffusion, measure, presence: nil,
      mix: { StemMix(rule: .replace, region: region, gain: $0, encoding: encoding, scratch: sum) },
      seconds: region.seconds(rate: info.sampleRate))
  }

  /// The voice and the band, which is brought to a loudness (LUFS); both are lowered where the sum
  /// would pass full scale.
  private func mixed(
    _ voice: ScratchAudio, _ band: [(sound: ScratchAudio, gain: Double)], loudness: Double,
    _ region: Region, _ song: any SongReader, _ info: AudioInfo
  ) throws -> (sum: ScratchAudio, measure: StemMeasure) {
    func played(_ frames: Range<Int>, gain: Double = 1) throws -> AudioBlock {
      var block = AudioBlock(channelCount: info.channelCount, silentFrames: frames.count)
      for layer in band { block.mix(try layer.sound.read(frames), gain: gain * layer.gain) }
      return block
    }
    let start = region.frames.lowerBound
    let pieces = (0..<region.frames.count).pieces(of: SongLevels.blockFrames)
    var own = StemMeasure(rule: .subtract, region: region, info: info)
    for piece in pieces {
      let block = try played(piece)
      own.push(song: block, stem: block, at: start + piece.lowerBound)
    }
    own.finish(info: info)
    let missing = loudness - own.stemLoudness
    let gain = missing.isFinite ? pow(10, missing / 20) : 1
    func sum(_ frames: Range<Int>) throws -> AudioBlock {
      var block = try played(frames, gain: gain)
      block.mix(try voice.read(frames))
      return block
    }
    var levels = SongLevels()
    for piece in pieces { levels.push(try sum(piece)) }
    let factor = min(1, 1 / max(levels.peak, 1e-9))
    let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
    var measure = StemMeasure(rule: .replace, region: region, info: info)
    for piece in pieces {
      let samples = try sum(piece).samples.map { $0 * factor }
      let block = StemMix.singles(AudioBlock(channelCount: info.channelCount, samples: samples))
      try scratch.append(block)
      let frames = start + piece.lowerBound..<start + piece.upperBound
      measure.push(song: try song.read(frames), stem: block, at: frames.lowerBound)
    }
    measure.finish(info: info)
    return (scratch, measure)
  }
}
