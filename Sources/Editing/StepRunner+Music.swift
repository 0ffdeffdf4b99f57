import AudioFiles
import Instructions

extension StepRunner {
  /// A part of the song, alone.
  struct Followed {
    let song: Song
    /// Brings it to the level that the models were trained at.
    let gain: Float
    /// Integrated, in LUFS.
    let loudness: Double
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
    try collect(
      source, range, range, into: scratch, progress: { _ in },
      take: {
        own.push($0)
        measure.push(song: try reader.read($1), stem: $0, at: $1.lowerBound)
      })
    measure.finish(info: info)
    guard measure.stemLoudness - measure.songLoudness > Self.audibleLU else { return nil }
    let mix = StemMix(
      rule: .replace, region: region, gain: 1, encoding: .float(bits: 32), scratch: scratch)
    return Followed(
      song: Song(original, mix), gain: own.modelGain, loudness: measure.stemLoudness)
  }

  /// Keeps the voice, and has everything else played anew by the step's instruments, each of which
  /// hears the song as it was: its chords, tempo and form stay.
  ///
  /// After the remix operation of InstructME (2308.14360), with a stem for each instrument.
  func remix(
    _ step: PlanStep, _ region: Region, on song: Song, progress: @escaping ProgressHandler
  ) throws -> Outcome {
    let info = song.info
    let levels = try SongLevels(of: song) { _ in }
    let range = Self.heard(around: region.frames, of: info)
    let names = [MusicParts.voice, step.target] + step.also
    let reader = try song.reader()
    var layers: [(sound: ScratchAudio, gain: Double)] = []
    for (index, name) in names.enumerated() {
      let isVoice = index == 0
      let part = PlanStep(
        operation: isVoice ? .extract : .add, target: name, confidence: 1, text: "")
      let source = try source(
        part, isVoice ? .mask : .diffusion, song, range, gain: levels.modelGain)
      let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
      var measure = StemMeasure(rule: .subtract, region: region, info: info)
      try collect(
        source, range, region.frames, into: scratch,
        progress: {
          let done = (Double(index) + $0) / Double(names.count)
          try progress(EditProgress(fraction: done, activity: Self.activity(part)))
        },
        take: { measure.push(song: try reader.read($1), stem: $0, at: $1.lowerBound) })
      measure.finish(info: info)
      let relative = measure.stemLoudness - measure.songLoudness
      layers.append((scratch, isVoice ? 1 : Self.levelling(relative)))
    }
    let (sum, measure) = try mixed(layers, region, reader, info)
    return conclude(
      step, .diffusion, measure, presence: nil,
      mix: { StemMix(rule: .replace, region: region, gain: $0, encoding: encoding, scratch: sum) },
      seconds: region.seconds(rate: info.sampleRate))
  }

  /// The sum of layers, lowered where it would pass full scale.
  private func mixed(
    _ layers: [(sound: ScratchAudio, gain: Double)], _ region: Region, _ song: any SongReader,
    _ info: AudioInfo
  ) throws -> (sum: ScratchAudio, measure: StemMeasure) {
    func sum(_ frames: Range<Int>) throws -> AudioBlock {
      var block = AudioBlock(channelCount: info.channelCount, silentFrames: frames.count)
      for layer in layers { block.mix(try layer.sound.read(frames), gain: layer.gain) }
      return block
    }
    let pieces = (0..<region.frames.count).pieces(of: SongLevels.blockFrames)
    var levels = SongLevels()
    for piece in pieces { levels.push(try sum(piece)) }
    let factor = min(1, 1 / max(levels.peak, 1e-9))
    let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
    var measure = StemMeasure(rule: .replace, region: region, info: info)
    for piece in pieces {
      let block = try sum(piece)
      let lowered = StemMix.singles(
        AudioBlock(channelCount: info.channelCount, samples: block.samples.map { $0 * factor }))
      try scratch.append(lowered)
      let start = region.frames.lowerBound + piece.lowerBound
      measure.push(song: try song.read(start..<start + piece.count), stem: lowered, at: start)
    }
    measure.finish(info: info)
    return (scratch, measure)
  }
}
