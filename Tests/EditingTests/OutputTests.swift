import AudioFiles
import Editing
import Foundation
import Instructions
import Testing

/// Names, refusals, reports, and what an abandoned edit leaves behind.
@Suite struct OutputTests {
  private struct Stop: Error {}
  private let drums = plan(step(.remove, "drums 0.5"))

  @Test func defaultNameAndSidecar() throws {
    let folder = try TestFolder()
    let song = try folder.song()
    let models = FakeModels()
    models.stems = ["drums 0.5"]
    let report = try SongEditor(models: models).edit(
      song, plan: drums, instruction: "remove the drums")
    #expect(folder.names == ["song.edited.wav", "song.edited.wav.aedit.json", "song.wav"])
    let sidecar = try JSONDecoder().decode(
      EditReport.self, from: try folder.bytes("song.edited.wav.aedit.json"))
    #expect(sidecar == report)
    #expect(sidecar.models.map(\.name) == ["fake"])
    #expect(abs((sidecar.steps[0].changeLU ?? 0) + 6.02) < 0.05)
    #expect(sidecar.steps[0].presence == 1)
  }

  @Test func lossyInputBecomesFLAC() throws {
    let folder = try TestFolder()
    let song = try folder.song("song.ogg")
    let report = try SongEditor(models: FakeModels()).edit(
      song, plan: drums, instruction: "remove the drums")
    #expect(report.output == folder.path("song.edited.flac"))
    let (before, after) = (try folder.read("song.ogg"), try folder.read("song.edited.flac"))
    #expect(before.frameCount == after.frameCount)
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    let folder = try TestFolder()
    let song = try folder.song()
    let editor = SongEditor(models: FakeModels())
    #expect(throws: EditError.outputIsInput(path: song)) {
      try editor.edit(song, plan: drums, instruction: "", to: song)
    }
    var force = EditOptions()
    force.overwrite = true
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.wav"), withDestinationPath: song)
    #expect(throws: EditError.outputIsInput(path: folder.path("link.wav"))) {
      try editor.edit(
        song, plan: drums, instruction: "", to: folder.path("link.wav"), options: force)
    }
    _ = try editor.edit(song, plan: drums, instruction: "")
    #expect(throws: EditError.exists(path: folder.path("song.edited.wav"))) {
      try editor.edit(song, plan: drums, instruction: "")
    }
    _ = try editor.edit(song, plan: drums, instruction: "", options: force)
  }

  @Test(arguments: [0.02, 0.5, 0.92, 0.99])
  func abandonedEditLeavesNothing(at fraction: Double) throws {
    let folder = try TestFolder()
    let song = try folder.song()
    var options = EditOptions()
    options.saveStem = folder.path("stem.wav")
    #expect(throws: Stop.self) {
      try SongEditor(models: FakeModels()).edit(
        song, plan: drums, instruction: "", options: options
      ) { if $0.fraction > fraction { throw Stop() } }
    }
    #expect(folder.names == ["song.wav"])
  }

  @Test func samplesThatAreNoNumbersAreNamed() throws {
    let folder = try TestFolder()
    let song = try folder.song(seconds: 1, channels: 1, encoding: .float(bits: 32))
    var bytes = try folder.bytes("song.wav")
    let bad = withUnsafeBytes(of: Float.nan.bitPattern.littleEndian) { Data($0) }
    bytes.replaceSubrange(bytes.count - 4000..<bytes.count - 3996, with: bad)
    try bytes.write(to: URL(fileURLWithPath: song))
    let report = try SongEditor(models: FakeModels()).edit(song, plan: drums, instruction: "")
    #expect(report.warnings.contains { $0.hasSuffix("no numbers and became silence: 1") })
    #expect(try folder.read("song.edited.wav").samples.allSatisfy { $0.isFinite })
  }

  @Test func progressOnlyGrows() throws {
    let folder = try TestFolder()
    let song = try folder.song()
    var seen: [Double] = []
    _ = try SongEditor(models: FakeModels()).edit(
      song, plan: plan(step(.remove, "drums 0.5"), step(.add, "piano")), instruction: ""
    ) { seen.append($0.fraction) }
    #expect(seen == seen.sorted() && abs((seen.last ?? 0) - 1) < 1e-9)
  }

  @Test(arguments: [
    "", "-", "5", "0:10-0:05", "a-b", "1:70-2:00", "1:2:3:4-", "-1-2", "0x1-2", "nan-2",
  ])
  func badRegions(text: String) {
    #expect(throws: EditError.self) { try TimeRange(text) }
  }

  @Test func goodRegions() throws {
    #expect(try TimeRange("0:12-0:20") == TimeRange(startSeconds: 12, endSeconds: 20))
    #expect(try TimeRange("1:02:03-1:03:00.5").startSeconds == 3723)
    #expect(try TimeRange("-30").startSeconds == 0)
    #expect(try TimeRange("12.5-").endSeconds == .infinity)
    #expect(try TimeRange("12.25-75").description == "0:12.250-1:15")
  }

  @Test func badOptionsAreRefusedBeforeAnyWork() throws {
    let folder = try TestFolder()
    let song = try folder.song()
    let changes: [(inout EditOptions) -> Void] = [
      { $0.steps = 0 }, { $0.guidance = -1 }, { $0.strength = -0.1 }, { $0.strength = .nan },
      { $0.saveStem = folder.path("stem.mp3") }, { $0.saveStem = folder.path("song.edited.wav") },
      { $0.region = TimeRange(startSeconds: 100, endSeconds: 200) },
    ]
    for change in changes {
      var options = EditOptions()
      change(&options)
      #expect(throws: EditError.self) {
        try SongEditor(models: FakeModels()).edit(
          song, plan: drums, instruction: "", options: options)
      }
    }
    #expect(folder.names == ["song.wav"])
  }

  @Test(arguments: [SampleEncoding.integer(bits: 16), .integer(bits: 24), .float(bits: 32)])
  func stemsSumToTheSong(encoding: SampleEncoding) throws {
    let folder = try TestFolder()
    var song = try AudioReader(path: try folder.song(encoding: encoding)).readAll()
    // Loud enough that the rest alone would pass full scale.
    for i in song.samples.indices { song.samples[i] *= 1.5 }
    let path = try folder.write("loud.wav", song, encoding: encoding)
    let models = FakeModels()
    models.fakeMasker.edge = 120
    models.stems = ["drums 0.6", "bass 0.3", "piano 0.4"]
    let files = try SongEditor(models: models).stems(of: path, into: folder.path("stems"))
    #expect(files.map(\.name) == models.stems + ["other"])
    var sum: AudioBlock?
    for file in files {
      let part = try AudioReader(path: try #require(file.path)).readAll()
      if sum == nil { sum = part } else { sum?.mix(part) }
    }
    #expect(checksum(try #require(sum)) == checksum(try folder.read("loud.wav")))
  }
}
