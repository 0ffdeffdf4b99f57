import Batch
import Editing
import Foundation
import Testing

@Suite struct JobListTests {
  @Test func valuesWithCommasQuotesAndLineBreaks() throws {
    let rows = try CSVReader.rows(
      of: "\u{FEFF}input,instruction\r\n\"a, b.wav\",\"say \"\"hi\"\"\"\n\n\"two\nlines\",x\ny,\n")
    #expect(rows.map(\.line) == [1, 2, 4, 6])
    #expect(
      rows.map(\.fields) == [
        ["input", "instruction"], ["a, b.wav", "say \"hi\""], ["two\nlines", "x"], ["y", ""],
      ])
  }

  @Test(arguments: [("a,\"b\nc", 1), ("a\n\"b\"c\n", 2)])
  func quotesThatDoNotFit(text: String, line: Int) {
    let error = #expect(throws: CSVReader.Problem.self) { try CSVReader.rows(of: text) }
    #expect(error?.line == line)
  }

  @Test func slugs() {
    #expect(Slug.of("Remove the drums, please!") == "remove-the-drums-please")
    #expect(Slug.of("Ajoute un piano très doux") == "ajoute-un-piano-tres-doux")
    let (a, b) = (
      Slug.of(String(repeating: "x", count: 90)), Slug.of(String(repeating: "x", count: 91))
    )
    #expect(a.count == 40 && b.count == 40 && a != b)
    #expect(Slug.of("../../etc") == "etc" && !Slug.of("🎹").isEmpty)
  }

  /// Both kinds of list say the same; a row's fields go before the command line's.
  @Test(arguments: ["csv", "jsonl"])
  func rowsBecomeJobs(kind: String) throws {
    let folder = try TestFolder()
    try folder.song("in/a.wav")
    try folder.song("in/b.wav")
    let csv = """
      input,instruction,output,seed,Save_Stem,strength
      in/a.wav,remove the drums,one.flac,7,stems/one.wav,
      in/a.wav,remove the bass,,,,0.5
      in/b.wav,,,,,
      """
    let jsonLines = """
      {"input": "in/a.wav", "instruction": "remove the drums", "output": "one.flac", "seed": 7, "save-stem": "stems/one.wav"}

      {"input": "in/a.wav", "instruction": "remove the bass", "strength": 0.5}
      {"input": "in/b.wav"}
      """
    try folder.write(kind == "csv" ? csv : jsonLines, to: "jobs." + kind)
    let request = folder.request("jobs." + kind, instructions: ["remove the drums"])
    let (jobs, _) = try BatchRun(request, models: TestModels()).preview()
    let out = folder.path("out")
    #expect(
      jobs.map(\.output) == [
        "\(out)/one.flac", "\(out)/in/a.remove-the-bass.wav", "\(out)/in/b.remove-the-drums.wav",
      ])
    #expect(jobs[0].stem == "\(out)/stems/one.wav" && jobs[1].stem == nil)
    #expect(jobs.filter { !$0.runs }.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func everythingWrongIsToldWithItsLine() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    try folder.write("no sound", to: "broken.wav")
    try folder.write(
      """
      input,instruction,output,region,seed,method
      a.wav,remove the drums,,0:09-0:10,,
      absent.wav,remove the drums,,,,
      broken.wav,remove the drums,,,,
      a.wav,sing along,,,,
      a.wav,remove the drums,../x.wav,,,
      a.wav,remove the drums,x.wav,,many,
      a.wav,remove the drums,x.txt,,,
      a.wav,remove the drums,,,,magic
      a.wav,remove the kazoo,,,,
      a.wav,,,,,
      ,remove the drums,,,,
      a.wav,remove the drums
      a.wav,remove the bass,same.wav,,,
      a.wav,remove the bass,same.wav,,,
      a.wav,remove the bass,{what}.wav,,,
      """, to: "jobs.csv")
    let lines = problems {
      _ = try BatchRun(folder.request("jobs.csv", instructions: []), models: TestModels()).run()
    }
    let places = lines.compactMap { $0.firstMatch(of: #/jobs\.csv:(\d+): /#)?.1 }.map { Int($0)! }
    #expect(places == Array(2...13) + [15, 16], "\(lines.joined(separator: "\n"))")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test(arguments: [
    ("jobs.csv", "input,volume\na.wav,3\n", "'volume' is unknown"),
    ("jobs.csv", "instruction\nremove the drums\n", "no column 'input'"),
    ("jobs.csv", "", "no job"), ("jobs.jsonl", "[1]\n", "jobs.jsonl:1: not a JSON object"),
    ("jobs.jsonl", "\n{\"input\": \"a.wav\", \"input\": 1}\n", "jobs.jsonl:2:"),
    ("jobs.jsonl", "{\"input\": [\"a.wav\"]}", "must be a text"),
  ])
  func listsThatAreNone(name: String, text: String, words: String) throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    try folder.write(text, to: name)
    let lines = problems {
      _ = try BatchRun(folder.request(name), models: TestModels()).preview()
    }
    #expect(lines.count == 1 && lines[0].contains(words), "\(lines)")
  }

  @Test func foldersPatternsAndNames() throws {
    let folder = try TestFolder()
    for name in ["songs/a.wav", "songs/x/a.wav", "songs/x/.hidden.wav"] { try folder.song(name) }
    try folder.write("", to: "songs/cover.jpg")
    func outputs(_ request: BatchRequest) throws -> [String] {
      try BatchRun(request, models: TestModels()).preview().jobs.map {
        String($0.output.dropFirst(folder.path("out").count + 1))
      }
    }
    #expect(
      try outputs(folder.request("songs")) == [
        "a.remove-the-drums.wav", "x/a.remove-the-drums.wav",
      ])
    #expect(try outputs(folder.request("songs/*/a.wav")) == ["x/a.remove-the-drums.wav"])
    var named = folder.request("songs", instructions: ["remove the drums", "remove the bass"])
    named.name = "{slug}/{stem}.{seed}.flac"
    #expect(
      try outputs(named) == [
        "remove-the-drums/a.0.flac", "remove-the-bass/a.0.flac", "x/remove-the-drums/a.0.flac",
        "x/remove-the-bass/a.0.flac",
      ])
    // The folder is not kept for files that are named one by one: these two meet.
    let lines = problems { _ = try outputs(folder.request("songs/a.wav", "songs/x/a.wav")) }
    #expect(lines.count == 1 && lines[0].contains("as \(folder.path("songs/a.wav")) does"))
  }

  @Test func outputsReplaceNothing() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    try folder.write("mine", to: "out/a.remove-the-drums.wav")
    var request = folder.request("a.wav")
    let lines = problems { _ = try BatchRun(request, models: TestModels()).run() }
    #expect(lines.count == 1 && lines[0].contains("exists already"))
    request.overwrite = true
    #expect(try BatchRun(request, models: TestModels()).run().done == 1)
    // Not even then the input itself.
    request = folder.request("a.wav")
    (request.out, request.name, request.overwrite) = (folder.url.path, "{stem}.{ext}", true)
    let refused = problems { _ = try BatchRun(request, models: TestModels()).run() }
    #expect(refused.count == 1 && refused[0].contains("would replace an input"))
  }

  @Test func recipesAndVariations() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    try folder.write("# two steps\nremove the drums\n\nremove the bass\n", to: "calm.txt")
    var request = folder.request("a.wav", instructions: [])
    request.recipe = folder.path("calm.txt")
    request.variations = 3
    let (jobs, notes) = try BatchRun(request, models: TestModels()).preview()
    #expect(jobs.map(\.instruction) == ["remove the drums, then remove the bass"])
    #expect(jobs[0].output.hasSuffix("a.calm.1.wav"))
    #expect(notes.count == 1 && notes[0].contains("chance takes no part"))
    request.recipe = nil
    request.instructions = ["add the bass"]
    request.options.seed = 5
    request.name = "{stem}.{seed}.{ext}"
    let (varied, _) = try BatchRun(request, models: TestModels()).preview()
    #expect(
      varied.map { ($0.output as NSString).lastPathComponent } == ["a.5.wav", "a.6.wav", "a.7.wav"])
    request.instructions = ["remix with bass"]
    let voiced = TestModels(stems: ["bass", "vocals"])
    #expect(try BatchRun(request, models: voiced).preview().jobs.count == 3)
  }

  @Test func chordsThatNothingPlaysAreAProblem() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    var request = folder.request("a.wav")
    request.options.chords = "C G"
    let refused = problems { _ = try BatchRun(request, models: TestModels()).preview() }
    #expect(refused.count == 1 && refused[0].contains("nothing is added"))
  }
}
