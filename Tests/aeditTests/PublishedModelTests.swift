import AudioFiles
import Editing
import Foundation
import TestSupport
import Testing

/// `aedit generate` and `aedit change` with small random models in their publishers' layouts.
@Suite struct PublishedModelTests {
  /// A folder of the fixtures, which is removed afterwards.
  private func withModel(_ name: String, _ body: (String) throws -> Void) throws {
    let folder =
      switch name {
      case "audit": try PublishedFolders.amphion(editing: false)
      case "audit-editor": try PublishedFolders.amphion(editing: true)
      default: try PublishedFolders.diffusers(name)
      }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test(arguments: ["audioldm", "musicldm", "audioldm2", "audit"])
  func generatesFromPublishedFolders(name: String) throws {
    try withModel(name) { folder in
      let place = try Workplace()
      let arguments = ["generate", "a dog barking", "--model", folder, "--seconds", "0.25"]
      let settings = ["--steps", "4", "--seed", "5"]
      let made = try Command(arguments + settings + ["-o", "dog.wav"], in: place.url)
      #expect(made.status == 0 && made.output == "dog.wav\n", "\(made)")
      #expect(place.names == ["dog.wav", "dog.wav.aedit.json"])
      let sound = try AudioReader(path: place.url.appendingPathComponent("dog.wav").path)
      #expect(sound.info.sampleRate == 16000 && sound.info.frameCount == 4000)
      #expect(try sound.readAll().samples.contains { abs($0) > 1e-4 })
      let report = try JSONDecoder().decode(
        GenerationReport.self, from: place.bytes("dog.wav.aedit.json"))
      #expect(report.text == "a dog barking" && report.seed == 5 && report.samplingSteps == 4)
      #expect(report.seconds == 0.25 && report.models.count == 1)
      let weights = report.models[0].hashes.keys.filter {
        $0.contains("unet") || $0.contains("step")
      }
      #expect(!weights.isEmpty, "\(report.models[0].hashes.keys)")
      // The same seed gives the same bytes, on another number of threads too; another does not.
      let again = try Command(
        arguments + settings + ["-o", "again.wav", "--threads", "1", "--json"], in: place.url)
      #expect(again.status == 0 && again.output.contains(#""text" : "a dog barking""#))
      #expect(try place.bytes("again.wav") == place.bytes("dog.wav"))
      let other = try Command(
        arguments + ["--steps", "4", "--seed", "6", "-o", "other.wav"], in: place.url)
      #expect(other.status == 0)
      #expect(try place.bytes("other.wav") != place.bytes("dog.wav"))
    }
  }

  /// An installed entry is found by its name; all its networks' names are compared.
  @Test(arguments: ["audioldm2", "audit"]) func generatesFromInstalledModels(name: String) throws {
    try withModel(name) { folder in
      let place = try Workplace()
      let added = try place.run("models", "add", folder, "--name", "mine", "--into", "store")
      #expect(added.status == 0 && !added.output.contains("no network of this class"), "\(added)")
      #expect(added.output.components(separatedBy: "fit the config").count > 4, "\(added)")
      let made = try Command(
        program: "/usr/bin/env",
        [
          "AEDIT_MODELS=" + place.url.appendingPathComponent("store").path, Command.program,
          "generate", "rain", "--model", "mine", "--seconds", "0.1", "--steps", "2", "-o", "a.flac",
        ], in: place.url)
      #expect(made.status == 0, "\(made)")
      let report = try JSONDecoder().decode(
        GenerationReport.self, from: place.bytes("a.flac.aedit.json"))
      #expect(report.models[0].name == "mine")
    }
  }

  /// What is wrong is said in one line, before any work, and nothing is written.
  @Test(arguments: [
    (["--steps", "0"], 2, "--steps"), (["--seconds", "0"], 2, "--seconds"),
    (["--seconds", "1000"], 2, "--seconds"), (["--guidance", "0.5"], 2, "--guidance"),
    (["-o", "a.xyz"], 1, "unknown output format"), (["-o", "gone/a.wav"], 1, "folder"),
    (["-o", "song.wav"], 2, "exists"), (["--model", "gone"], 1, "no such folder"),
    (["--model", "."], 1, "model_index.json"),
  ])
  func refusesToGenerate(options: [String], status: Int32, words: String) throws {
    let place = try Workplace()
    try place.song(seconds: 0.1)
    let model = options.contains("--model") ? [] : ["--model", Fixtures.url("audioldm").path]
    let output = options.contains("-o") ? [] : ["-o", "a.wav"]
    let run = try Command(["generate", "rain"] + model + output + options, in: place.url)
    #expect(run.status == status && run.errors.contains(words), "\(run)")
    #expect(run.errors.split(separator: "\n").count == 1)
    #expect(place.names == ["song.wav"])
  }

  @Test func anEditingModelFollowsInstructions() throws {
    try withModel("audit-editor") { folder in
      let place = try Workplace()
      try place.song(seconds: 0.6)
      let alone = try place.run("generate", "rain", "--model", folder, "-o", "a.wav")
      #expect(alone.status == 2 && alone.errors.contains("aedit change"), "\(alone)")
      let caption = try place.run(
        "change", "song.wav", "rain", "--model", folder, "--method", "sdedit")
      #expect(caption.status == 2 && caption.errors.contains("--method instruct"), "\(caption)")
      #expect(place.names == ["song.wav"])
      let run = try place.run(
        "change", "song.wav", "Drop: a dog barking", "--model", folder, "--steps", "3", "--region",
        "0:00.2-0:00.4")
      #expect(run.status == 0, "\(run)")
      let report = try JSONDecoder().decode(
        EditReport.self, from: place.bytes("song.edited.wav.aedit.json"))
      #expect(report.steps[0].method == "instruct" && report.changed)
      try expectUntouched(place, outside: 0.2..<0.4)
    }
  }

  @Test(arguments: ["inpaint", "sdedit", "inversion", "zeta"])
  func textToAudioModelsChangeARegion(method: String) throws {
    let place = try Workplace()
    try place.song(seconds: 0.3)
    let arguments = [
      "change", "song.wav", "a dog barking", "--from", "thunder and wind", "--method", method,
      "--model", Fixtures.url("audioldm").path, "--region", "0:00.1-0:00.12", "--steps", "4",
      "--seed", "3",
    ]
    let run = try Command(arguments, in: place.url)
    #expect(run.status == 0 && run.output.contains("changed by \(method)"), "\(run)")
    let report = try JSONDecoder().decode(
      EditReport.self, from: place.bytes("song.edited.wav.aedit.json"))
    #expect(report.steps[0].method == method && report.steps[0].source == "thunder and wind")
    #expect(report.changedShare > 0.03 && report.changedShare < 0.07, "\(report.changedShare)")
    try expectUntouched(place, outside: 0.1..<0.12)
    let first = try place.bytes("song.edited.wav")
    let again = try Command(arguments + ["--force", "--threads", "1"], in: place.url)
    #expect(again.status == 0)
    #expect(try place.bytes("song.edited.wav") == first)
  }

  @Test func inpaintingHasItsLimits() throws {
    let place = try Workplace()
    try place.song(seconds: 0.3)
    let model = ["--model", Fixtures.url("audioldm").path, "--method", "inpaint"]
    let long = try Command(
      ["change", "song.wav", "rain", "--region", "0:00.1-0:00.2"] + model, in: place.url)
    #expect(long.status == 2 && long.errors.contains("at most 0.028 s"), "\(long)")
    let instruct = try place.run(
      "change", "song.wav", "rain", "--method", "instruct", "--model",
      Fixtures.url("audioldm").path)
    #expect(instruct.status == 2 && instruct.errors.contains("no instructions"), "\(instruct)")
    #expect(place.names == ["song.wav"])
  }

  /// The output's samples outside of a stretch of seconds are the song's.
  private func expectUntouched(_ place: Workplace, outside region: Range<Double>) throws {
    let (before, after) = (
      try AudioReader(path: place.url.appendingPathComponent("song.wav").path),
      try AudioReader(path: place.url.appendingPathComponent("song.edited.wav").path)
    )
    let rate = Double(before.info.sampleRate)
    let channels = before.info.channelCount
    let (old, new) = (try before.readAll().samples, try after.readAll().samples)
    try #require(old.count == new.count)
    let (first, last) = (
      Int((region.lowerBound * rate).rounded()) * channels,
      Int((region.upperBound * rate).rounded()) * channels
    )
    #expect(old[..<first] == new[..<first] && old[last...] == new[last...])
    #expect(old[first..<last] != new[first..<last])
  }
}
