import AudioFiles
import Batch
import Editing
import Foundation
import Testing
import Transcripts

/// What is wrong is found without any model.
@Suite struct FillListTests {
  @Test func everythingWrongIsToldWithItsLine() throws {
    let folder = try TestFolder()
    try folder.talk("a.wav")
    try folder.write("\0", to: "noise.txt")
    try folder.write("", to: "empty.txt")
    try folder.write(
      """
      input,instruction,transcript,gap,method,region,steps,guidance,save-stem
      a.wav,,absent.txt,,,,,,
      a.wav,,noise.txt,,,,,,
      a.wav,,empty.txt,,,,,,
      a.wav,,a.txt,3-2,,,,,
      a.wav,,a.txt,0:20-0:21,,,,,
      a.wav,,a.txt,1-5,,,,,
      a.wav,,a.txt,1.2-1.5 auto,,,,,
      a.wav,remove the drums,a.txt,,,,,,
      a.wav,,a.txt,,mask,,,,
      a.wav,,a.txt,,,0:01-0:02,,,
      a.wav,,a.txt,,,,20,,
      a.wav,,a.txt,,,,,2,
      a.wav,,a.txt,,,,,,stem.wav
      a.wav,remove the drums,,auto,,,,,
      a.wav,remove the drums,,,speak,,,,
      a.wav,,,,,,,,
      """, to: "jobs.csv")
    let lines = problems {
      _ = try BatchRun(folder.request("jobs.csv", instructions: []), models: TestModels()).run()
    }
    let places = lines.compactMap { $0.firstMatch(of: #/jobs\.csv:(\d+): /#)?.1 }.map { Int($0)! }
    #expect(places == Array(2...17), "\(lines.joined(separator: "\n"))")
    let words = [
      "no such file", "not UTF-8", "holds no words", "ends before it starts", "song ends at",
      "may last", "auto alone", "one of them", "auto, speak", "region '0:01-0:02'", "steps",
      "guidance", "save-stem", "gap 'auto': means nothing", "mask, diffusion", "nothing to do",
    ]
    for (line, word) in zip(lines, words) { #expect(line.contains(word), "\(line)") }
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test func everyRecordingNeedsItsTranscript() throws {
    let folder = try TestFolder()
    for name in ["talks/a.wav", "talks/b.wav"] { try folder.talk(name) }
    try FileManager.default.removeItem(atPath: folder.path("talks/b.txt"))
    var request = folder.fills("talks")
    let lines = problems { _ = try BatchRun(request, models: TestModels()).run() }
    #expect(lines.count == 1 && lines[0].contains("b.wav: cannot read"), "\(lines)")
    request.transcript = "{slug}.txt"
    let braces = problems { _ = try BatchRun(request, models: TestModels()).run() }
    #expect(braces.count == 2 && braces.allSatisfy { $0.contains("can be {stem}") }, "\(braces)")
  }
}

@Suite(.enabled(if: (try? SpeechEditor().verifiedModels()) != nil)) struct FillTests {
  /// Both kinds of list say the same; a row's own transcript goes before the command line's.
  @Test(arguments: ["csv", "jsonl"])
  func rowsBecomeJobs(kind: String) throws {
    let folder = try TestFolder()
    for name in ["talks/a.wav", "talks/b.wav", "texts/own.wav"] { try folder.talk(name) }
    let csv = """
      input,instruction,transcript,gap,method,seed
      talks/a.wav,,texts/own.txt,1.20-1.85 7.1-7.4,speak,3
      talks/b.wav,,,auto,,
      talks/a.wav,remove the drums,,,mask,
      """
    let jsonLines = """
      {"input": "talks/a.wav", "transcript": "texts/own.txt", "gap": "1.20-1.85 7.1-7.4", "method": "speak", "seed": 3}
      {"input": "talks/b.wav", "gap": "auto"}
      {"input": "talks/a.wav", "instruction": "remove the drums", "method": "mask"}
      """
    try folder.write(kind == "csv" ? csv : jsonLines, to: "jobs." + kind)
    var request = folder.fills("jobs." + kind)
    request.keepsStems = true
    let (jobs, _) = try BatchRun(request, models: TestModels()).preview()
    let out = folder.path("out")
    #expect(
      jobs.map(\.output) == [
        "\(out)/talks/a.filled.wav", "\(out)/talks/b.filled.wav",
        "\(out)/talks/a.remove-the-drums.wav",
      ])
    #expect(
      jobs.map(\.instruction) == [
        "fill gaps from \(folder.path("texts/own.txt"))",
        "fill gaps from \(folder.path("talks/b.txt"))", "remove the drums",
      ])
    #expect(jobs.map { $0.stem == nil } == [true, true, false], "a fill has no stem")
  }

  /// Both come out as a single fill makes them, with everything that a batch keeps of its jobs.
  @Test func filledAndUnchanged() throws {
    let folder = try TestFolder()
    let gap = 40_000..<41_440  // continued, which is the same each time
    try folder.talk("talks/broken.wav", silent: gap)
    try folder.talk("talks/whole.wav")
    let summary = try BatchRun(folder.fills("talks"), models: TestModels()).run()
    #expect(summary.done == 2 && summary.unchanged == 1 && summary.failed == 0)
    let files = try folder.files("out")
    #expect(files.count == 4)
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path("talks/whole.wav")))
    #expect(files["whole.filled.wav"] == whole)
    let before = try AudioReader(path: folder.path("talks/broken.wav")).readAll().samples
    let after = try AudioReader(path: folder.path("out/broken.filled.wav")).readAll().samples
    #expect(before.indices.filter { before[$0] != after[$0] && !gap.contains($0) }.isEmpty)
    #expect(after[gap].contains { abs($0) > 0.001 })
    let single = try SpeechEditor().fill(
      folder.path("talks/broken.wav"),
      transcript: Transcript(path: folder.path("talks/broken.txt")),
      to: folder.path("single.wav"), options: FillOptions(gaps: .automatic))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: single.output)) == files["broken.filled.wav"])
    let bytes = try #require(files["broken.filled.wav.aedit.json"])
    let sidecar = try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    #expect(sidecar["operation"] as? String == "fill")
    #expect(sidecar["output"] as? String == "broken.filled.wav")
    // The listener heard all of both: the pictures and measures are there.
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("out/report.json")))
    let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let jobs = try #require(report["jobs"] as? [[String: Any]])
    let likeness = jobs.compactMap { $0["siSDRToInputDB"] as? Double }
    #expect(likeness.count == 2 && likeness[0] < 60 && likeness[1] == 100, "\(likeness)")
    #expect((report["models"] as? [Any])?.count == 2, "no model for songs")
    let page = try String(contentsOfFile: folder.path("out/report.html"), encoding: .utf8)
    #expect(page.components(separatedBy: "<audio").count == 5)
    #expect(page.contains("2.500-2.590  dropout"))
  }

  @Test func whatChangedIsDoneAgain() throws {
    let folder = try TestFolder()
    for name in ["a", "b"] { try folder.talk("talks/\(name).wav") }
    var request = folder.fills("talks")
    request.gaps = .given([TimeRange(startSeconds: 2.5, endSeconds: 2.55)])
    func rerun() throws -> Int {
      try BatchRun(request, resumes: true, models: TestModels()).run().done
    }
    #expect(try BatchRun(request, models: TestModels()).run().done == 2)
    #expect(try rerun() == 0)
    // The same words in a file of another time are the same transcript.
    let text = try String(contentsOfFile: folder.path("talks/a.txt"), encoding: .utf8)
    try folder.write(text, to: "talks/a.txt")
    #expect(try rerun() == 0)
    try folder.write(text.replacing("currently", with: "[currently]"), to: "talks/a.txt")
    #expect(try rerun() == 1)
    request.gaps = .given([TimeRange(startSeconds: 2.5, endSeconds: 2.56)])
    #expect(try rerun() == 2)
    request.fillMethod = .continue
    #expect(try rerun() == 2)
    request.options.seed = 1
    #expect(try rerun() == 2)
    // The list in the table knows the transcripts, too.
    var bare = folder.fills()
    bare.transcript = nil
    try folder.write(text, to: "talks/a.txt")
    #expect(try BatchRun(bare, resumes: true, models: TestModels()).run().done == 1)
  }

  /// A batch of fills needs no room for the models of edits.
  @Test func memoryIsThatOfFills() throws {
    let folder = try TestFolder()
    try folder.talk("a.wav")
    var settings = BatchSettings()
    func jobs() throws -> Int {
      try BatchRun(
        folder.fills("a.wav"), settings: settings, resumes: false, editors: TestModels().editors
      ).preview().jobs.count
    }
    settings.memory = 250 << 20
    #expect(try jobs() == 1)
    settings.memory = 200 << 20
    let error = #expect(throws: BatchError.self) { try jobs() }
    guard case .memory? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func seedsMakeVariations() throws {
    let folder = try TestFolder()
    try folder.talk("a.wav")
    var request = folder.fills("a.wav")
    request.gaps = .given([TimeRange(startSeconds: 2.5, endSeconds: 2.7)])
    (request.variations, request.fillMethod) = (2, .continue)
    let (jobs, notes) = try BatchRun(request, models: TestModels()).preview()
    #expect(jobs.count == 1 && notes.count == 1)
    request.fillMethod = .speak
    #expect(try BatchRun(request, models: TestModels()).run().done == 2)
    let files = try folder.files("out")
    let one = try #require(files["a.filled.1.wav"])
    #expect(one != files["a.filled.2.wav"])
  }

  @Test func aTranscriptThatChangesMeanwhile() throws {
    let folder = try TestFolder()
    try folder.talk("a.wav")
    var settings = BatchSettings()
    settings.retries = 0
    let run = BatchRun(
      folder.fills("a.wav"), settings: settings, resumes: false, editors: TestModels().editors)
    let summary = try run.run { progress, _ in
      // It is read before anything is told.
      if !progress.running.isEmpty { try? folder.write("Other words.", to: "a.txt") }
    }
    #expect(summary.failed == 1)
    #expect(try folder.files("out").isEmpty)
  }
}
