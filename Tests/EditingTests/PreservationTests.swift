import AudioFiles
import Editing
import Foundation
import Instructions
import Tensors
import Testing

/// What was not asked to change is not touched, proved by checksums of samples.
@Suite struct PreservationTests {
  static let formats: [(SampleEncoding, Int)] = [
    (.integer(bits: 16), 1), (.integer(bits: 16), 2), (.integer(bits: 24), 1),
    (.integer(bits: 24), 2), (.float(bits: 32), 1), (.float(bits: 32), 2),
  ]

  private func edit(
    _ folder: TestFolder, _ operation: PlanOperation, to output: String,
    models: FakeModels,
    _ change: (inout EditOptions) -> Void = { _ in }
  ) throws -> EditReport {
    var options = EditOptions()
    options.saveStem = folder.path("\(operation.rawValue)-stem.wav")
    change(&options)
    return try SongEditor(models: models).edit(
      folder.path("song.wav"), plan: plan(step(operation, "drums 0.6")), instruction: "test",
      to: folder.path(output), options: options)
  }

  private func models() -> FakeModels {
    let models = FakeModels()
    models.fakeMasker.edge = 90
    models.fakeGenerator.noiseShare = 0.1
    return models
  }

  @Test(arguments: formats)
  func addIsInputPlusStem(encoding: SampleEncoding, channels: Int) throws {
    let folder = try TestFolder()
    _ = try folder.song(channels: channels, encoding: encoding)
    let report = try edit(folder, .add, to: "out.wav", models: models())
    #expect(report.changed && report.formula == "out = in + stem")
    var sum = try folder.read("song.wav")
    sum.mix(try folder.read("add-stem.wav"))
    let wanted = Quantiser.quantised(sum, as: encoding).block
    #expect(checksum(try folder.read("out.wav")) == checksum(wanted))
    #expect(try AudioReader(path: folder.path("out.wav")).info.encoding == encoding)
    #expect(try AudioReader(path: folder.path("add-stem.wav")).info.encoding == .float(bits: 32))
  }

  /// The fake generator likes loud stems; what is kept is the loudest beginning.
  @Test func likestOfSeveralTakes() throws {
    let folder = try TestFolder()
    _ = try folder.song(channels: 1, encoding: .integer(bits: 16))
    func loudness(seed: UInt64, takes: Int) throws -> Double {
      let models = models()
      models.fakeGenerator.noiseIsShared = true
      let report = try edit(folder, .add, to: "out.wav", models: models) {
        ($0.seed, $0.takes, $0.overwrite) = (seed, takes, true)
      }
      #expect(report.takes == takes)
      return try #require(report.steps[0].stemLUFS)
    }
    for seed in UInt64(1)...3 {
      let rising = try [1, 2, 8].map { try loudness(seed: seed, takes: $0) }
      #expect(rising == rising.sorted() && rising[2] > rising[0], "seed \(seed): \(rising)")
    }
  }

  @Test(arguments: formats)
  func removeIsInputMinusExtract(encoding: SampleEncoding, channels: Int) throws {
    let folder = try TestFolder()
    _ = try folder.song(channels: channels, encoding: encoding)
    _ = try edit(folder, .remove, to: "rest.wav", models: models())
    _ = try edit(folder, .extract, to: "drums.wav", models: models())
    let song = try folder.read("song.wav")
    let stem = try folder.read("remove-stem.wav")
    #expect(checksum(stem) == checksum(try folder.read("extract-stem.wav")))
    #expect(checksum(stem) == checksum(try folder.read("drums.wav")))
    var difference = song
    difference.mix(stem, gain: -1)
    let rest = try folder.read("rest.wav")
    #expect(checksum(Quantiser.quantised(difference, as: encoding).block) == checksum(rest))
    if case .integer = encoding {
      var sum = rest
      sum.mix(try folder.read("drums.wav"))
      #expect(checksum(sum) == checksum(song))
    }
  }

  @Test(arguments: formats)
  func zeroStemGivesTheInput(encoding: SampleEncoding, channels: Int) throws {
    let folder = try TestFolder()
    _ = try folder.song(channels: channels, encoding: encoding)
    let models = models()
    models.fakeMasker.presence = 0.2
    let report = try edit(folder, .remove, to: "out.wav", models: models) { $0.saveStem = nil }
    #expect(!report.changed && report.changedShare == 0 && report.formula == "out = in")
    #expect(try folder.bytes("out.wav") == folder.bytes("song.wav"))
    let flac = try edit(folder, .remove, to: "out.flac", models: models)
    #expect(!flac.changed)
    if case .integer = encoding {
      #expect(checksum(try folder.read("out.flac")) == checksum(try folder.read("song.wav")))
    }
    #expect(try folder.read("remove-stem.wav").samples.allSatisfy { $0 == 0 })
  }

  @Test(arguments: operations)
  func outsideOfARegionNothingChanges(operation: PlanOperation) throws {
    let folder = try TestFolder()
    _ = try folder.song(seconds: 12)
    let report = try edit(folder, operation, to: "out.wav", models: models()) {
      $0.region = try? TimeRange("0:05-7.5")
    }
    let (song, out) = (try folder.read("song.wav"), try folder.read("out.wav"))
    let (start, end) = (5 * 44100, Int(7.5 * 44100))
    #expect(out.frames(0..<start) == song.frames(0..<start))
    #expect(out.frames(end..<song.frameCount) == song.frames(end..<song.frameCount))
    #expect(out.frames(start..<end) != song.frames(start..<end))
    #expect(report.steps[0].region == [5, 7.5] && report.fadeSeconds == 0.02)
    // The fade: the first sample inside hardly changes.
    let change = abs(out.samples[2 * start] - song.samples[2 * start])
    #expect(change <= 0.002)
  }

  @Test func strengthScalesTheEdit() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    _ = try edit(folder, .remove, to: "all.wav", models: models())
    let whole = try folder.read("remove-stem.wav")
    _ = try edit(folder, .remove, to: "half.wav", models: models()) {
      $0.strength = 0.5
      $0.overwrite = true
    }
    let half = try folder.read("remove-stem.wav")
    let error = zip(whole.samples, half.samples).map { abs($0 / 2 - $1) }.max() ?? 1
    #expect(error <= 1.0 / 32768)
    let none = try edit(folder, .remove, to: "none.wav", models: models()) {
      $0.strength = 0
      $0.overwrite = true
    }
    #expect(!none.changed)
  }

  @Test func loudAndSoftStemsAreSo() throws {
    let folder = try TestFolder()
    let song = try folder.song()
    func relativeLU(_ attribute: String?) throws -> Double {
      var added = step(.add, "drums 0.5")
      added.attributes = attribute.map { [$0] } ?? []
      var options = EditOptions()
      options.headroom = true
      options.overwrite = true
      let report = try SongEditor(models: models()).edit(
        song, plan: EditPlan(steps: [added]), instruction: "", to: folder.path("out.wav"),
        options: options
      ).steps[0]
      return try #require(report.stemLUFS) + report.gainDB - #require(report.songLUFS)
    }
    #expect(try (-24.1 ... -14.9).contains(relativeLU("soft")))
    #expect(try (-15.1 ... -2.9).contains(relativeLU(nil)))
    #expect(try (-3.1...3.1).contains(relativeLU("loud")))
  }

  @Test func loudSumsAreLoweredThenCounted() throws {
    let folder = try TestFolder()
    _ = try folder.song(encoding: .integer(bits: 16))
    let report = try edit(folder, .add, to: "out.wav", models: models()) { $0.strength = 10 }
    #expect(report.steps[0].loweredDB == -6 && report.clippedSamples > 0)
    let scaled = try edit(folder, .add, to: "scaled.wav", models: models()) {
      $0.strength = 10
      $0.headroom = true
      $0.overwrite = true
    }
    #expect(scaled.clippedSamples == 0 && scaled.headroomGain < 1 && scaled.steps[0].loweredDB == 0)
    var sum = try folder.read("song.wav")
    for i in sum.samples.indices { sum.samples[i] *= scaled.headroomGain }
    sum.mix(try folder.read("add-stem.wav"))
    let wanted = Quantiser.quantised(sum, as: .integer(bits: 16)).block
    #expect(checksum(try folder.read("scaled.wav")) == checksum(wanted))
  }

  @Test func severalStepsSumUp() throws {
    let folder = try TestFolder()
    _ = try folder.song()
    var options = EditOptions()
    options.saveStem = folder.path("change.wav")
    let report = try SongEditor(models: models()).edit(
      folder.path("song.wav"), plan: plan(step(.remove, "drums 0.6"), step(.add, "piano")),
      instruction: "remove drums, add piano", to: folder.path("out.wav"), options: options)
    #expect(report.steps.count == 2 && report.formula == "out = in + stem")
    var sum = try folder.read("song.wav")
    sum.mix(try folder.read("change.wav"))
    let wanted = Quantiser.quantised(sum, as: .integer(bits: 16)).block
    #expect(checksum(try folder.read("out.wav")) == checksum(wanted))
  }

  @Test func sameSeedSameBytesOnAnyThreads() throws {
    let folder = try TestFolder()
    _ = try folder.song(rate: 48000)
    defer { Threads.set(0) }
    for operation in operations {
      var sums: [UInt64] = []
      for threads in [1, 3] {
        Threads.set(threads)
        _ = try edit(folder, operation, to: "out.wav", models: models()) {
          $0.overwrite = true
          $0.seed = 7
        }
        sums.append(checksum(try folder.read("out.wav")))
      }
      #expect(sums[0] == sums[1])
    }
  }
}
