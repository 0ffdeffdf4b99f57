import AudioFiles
import Editing
import Foundation
import Instructions
import Tensors
import Testing

/// Replacements that keep the notes, and remixes.
@Suite struct MusicTests {
  private func models() -> FakeModels {
    let models = FakeModels()
    models.stems = ["drums", "bass 0.3", "piano", "vocals"]
    return models
  }

  private func edit(
    _ folder: TestFolder, _ steps: [PlanStep], models: FakeModels,
    _ change: (inout EditOptions) -> Void = { _ in }
  ) throws -> EditReport {
    var options = EditOptions()
    options.overwrite = true
    change(&options)
    return try SongEditor(models: models).edit(
      folder.path("song.wav"), plan: EditPlan(steps: steps), instruction: "test",
      to: folder.path("out.wav"), options: options)
  }

  private func addition(following: String?) -> PlanStep {
    PlanStep(operation: .add, target: "piano", following: following, confidence: 1, text: "")
  }

  /// The new part hears the old one alone, as it was before its removal, and is as loud.
  @Test func newPartFollowsTheOldOne() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    let extract = try edit(folder, [step(.extract, "bass 0.3")], models: models())
    let old = try #require(extract.steps[0].stemLUFS)
    let steps = [step(.remove, "bass 0.3"), addition(following: "bass 0.3")]
    let replaced = try edit(folder, steps, models: models())
    #expect(replaced.steps.map(\.prompt) == ["extract the bass 0.3", "replace it with piano"])
    let added = replaced.steps[1]
    #expect(abs(try #require(added.stemLUFS) + added.gainDB - old) < 0.02)

    // It is made of the old part alone: what is made of the song is another sound.
    let free = try edit(folder, [addition(following: nil)], models: models())
    #expect(free.steps[0].prompt == "add piano")
    #expect(free.steps[0].stemLUFS != added.stemLUFS)
  }

  /// Writes a song whose channels are one sound, times `factors`.
  private func song(_ folder: TestFolder, _ factors: [Double]) throws {
    let path = try folder.song("one.wav", channels: 1, encoding: .float(bits: 32))
    let one = try AudioReader(path: path).readAll()
    let samples = one.samples.flatMap { sample in factors.map { $0 * sample } }
    _ = try folder.write(
      "song.wav", AudioBlock(channelCount: factors.count, samples: samples),
      encoding: .float(bits: 32))
  }

  /// What a new part is that follows a part of such a song; it must be as loud as that.
  private func replacement(_ factors: [Double]) throws -> AudioBlock {
    let folder = try TestFolder()
    try song(folder, factors)
    let extract = try edit(folder, [step(.extract, "bass 0.3")], models: models())
    let added = try edit(folder, [addition(following: "bass 0.3")], models: models()) {
      $0.saveStem = folder.path("stem.wav")
      $0.headroom = true
    }.steps[0]
    let loudness = try #require(added.stemLUFS) + added.gainDB
    #expect(abs(loudness - (try #require(extract.steps[0].stemLUFS))) < 0.02)
    return try folder.read("stem.wav")
  }

  /// The new part has the channels' proportions of the old one.
  @Test(arguments: [[1, 1], [1, 0.25], [1, 0], [0, 1], [0.5, 1, 0]])
  func newPartStandsWhereTheOldOneStood(factors: [Double]) throws {
    let stem = try replacement(factors)
    let peak = stem.samples.map(abs).max() ?? 0
    #expect(peak > 0.01)
    let loudest = factors.firstIndex(of: 1) ?? 0
    let differences = (0..<stem.frameCount).flatMap { frame in
      factors.indices.map { channel in
        abs(
          stem.samples[frame * factors.count + channel]
            - factors[channel] * stem.samples[frame * factors.count + loudest])
      }
    }
    #expect(differences.max() ?? 1 < 1e-5 * peak)
  }

  /// A part in the middle of two channels is replaced as one of a mono song is.
  @Test func newPartOfAMonoSong() throws {
    let (mono, middle) = (try replacement([1]), try replacement([1, 1]))
    let differences = zip(mono.channel(0), middle.channel(0)).map { abs($0 - $1) }
    #expect(mono.channelCount == 1 && differences.max() ?? 1 < 1e-5)
  }

  /// Of what a part shall be like, the model is told what it knows, in its order, two words at most.
  @Test func attributesAreSaid() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    func prompt(_ attributes: [String]) throws -> String {
      var part = addition(following: nil)
      part.attributes = attributes
      return try #require(try edit(folder, [part], models: models()).steps.first).prompt
    }
    #expect(try prompt(["loud", "high", "funny"]) == "add high piano")
    #expect(try prompt(["high", "fast", "distorted"]) == "add distorted fast piano")
  }

  /// What a name says already is not said twice.
  @Test func namesAreNotRepeated() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    let models = models()
    models.stems.append("distorted guitar")
    var part = step(.add, "distorted guitar")
    part.attributes = ["distorted", "high"]
    let report = try edit(folder, [part], models: models)
    #expect(report.steps[0].prompt == "add high distorted guitar")
  }

  @Test func stepsHaveNoiseOfTheirOwn() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    func noise(_ steps: [PlanStep]) throws -> [Float] {
      let (models, log) = (models(), NoiseLog())
      models.fakeGenerator.heardNoise = log
      models.fakeGenerator.noiseShare = 0.1
      _ = try edit(folder, steps, models: models) { $0.seed = 7 }
      return log.first
    }
    let alone = try noise([step(.add, "piano")])
    let both = try noise([step(.add, "piano"), step(.add, "drums")])
    #expect(both.count == 2 * alone.count && Set(both).count == both.count)
    #expect(Array(both.prefix(alone.count)) == alone)
  }

  /// Where nothing of the old part is heard, the new one goes by the song.
  @Test func absentPartIsNotFollowed() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    let models = models()
    models.fakeMasker.presence = 0
    let report = try edit(folder, [addition(following: "bass 0.3")], models: models)
    #expect(report.steps[0].prompt == "add piano")
  }

  /// A remix is the voice, as an extraction gives it, and the new parts, which are mono.
  @Test func remixKeepsTheVoice() throws {
    let folder = try TestFolder()
    _ = try folder.song(encoding: .float(bits: 32))
    _ = try edit(folder, [step(.extract, "vocals")], models: models())
    let voice = try folder.read("out.wav")
    var remix = step(.remix, "drums")
    remix.also = ["piano"]
    let report = try edit(folder, [remix], models: models())
    #expect(report.changed && report.formula == "out = stem")
    #expect(report.steps.map(\.prompt) == ["add drums, add piano"])
    var rest = try folder.read("out.wav")
    let level = rest.samples.map(abs).max() ?? 0
    rest.mix(voice, gain: -1)
    #expect(rest.samples.map(abs).max() ?? 0 > 0.1 * level)
    let between = stride(from: 0, to: rest.samples.count, by: 2).map {
      abs(rest.samples[$0] - rest.samples[$0 + 1])
    }
    #expect(between.max() ?? 1 < 1e-6 * level)
  }

  /// All layers, and all chunks of each, begin with noise of their own, whatever the number of threads.
  @Test func layersHaveNoiseOfTheirOwn() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    var remix = step(.remix, "drums")
    remix.also = ["piano", "bass 0.3"]
    defer { Threads.set(0) }
    func noise(seed: UInt64, threads: Int) throws -> (noise: [Float], sound: UInt64) {
      Threads.set(threads)
      let (models, log) = (models(), NoiseLog())
      models.fakeGenerator.heardNoise = log
      models.fakeGenerator.noiseShare = 0.1
      _ = try edit(folder, [remix], models: models) { $0.seed = seed }
      return (log.first, checksum(try folder.read("out.wav")))
    }
    let one = try noise(seed: 7, threads: 1)
    #expect(one.noise.count == 6 && Set(one.noise).count == 6)
    #expect(try noise(seed: 7, threads: 3) == one)
    #expect(Set(try noise(seed: 8, threads: 1).noise).isDisjoint(with: one.noise))
  }

  @Test func remixLeavesWhatIsOutsideOfItsRegion() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    let report = try edit(folder, [step(.remix, "drums")], models: models()) {
      $0.region = TimeRange(startSeconds: 2, endSeconds: 5)
    }
    #expect(report.changed)
    let (song, out) = (try folder.read("song.wav"), try folder.read("out.wav"))
    for outside in [0..<2 * 44100, 5 * 44100..<8 * 44100] {
      #expect(checksum(out.frames(outside)) == checksum(song.frames(outside)))
    }
    #expect(checksum(out) != checksum(song))
  }

  /// Models that do not find vocals could not keep them.
  @Test func remixNeedsAVoiceFinder() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    let models = models()
    models.stems.removeLast()
    let error = try #require(throws: EditError.self) {
      try edit(folder, [step(.remix, "drums")], models: models)
    }
    #expect("\(error)".contains("vocals") && !"\(error)".contains("\n"))
    #expect(folder.names == ["song.wav"])
  }
}
