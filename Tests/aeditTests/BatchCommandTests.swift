import Foundation
import Testing

@Suite(.enabled(if: Command.hasText && Command.hasMusic)) struct BatchCommandTests {
  @Test func filesFolderAndExitCodes() throws {
    let place = try Workplace()
    try place.song("songs/a.wav", seconds: 1)
    try place.song("songs/deep/b.wav", seconds: 1)
    let batch = ["batch", "songs", "--instruction", "remove the drums", "--out", "out"]
    let dry = try Command(batch + ["--dry-run", "--json"], in: place.url)
    let jobs = try JSONSerialization.jsonObject(with: Data(dry.output.utf8)) as? [[String: Any]]
    #expect(dry.status == 0 && jobs?.count == 2 && !place.names.contains("out"))
    let run = try Command(batch, in: place.url)
    #expect(run.status == 0 && run.output == "2 done; report: out/report.html\n", "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 2)
    let single = try place.run("songs/a.wav", "remove the drums", "-o", "single.wav")
    #expect(single.status == 0)
    #expect(
      try place.bytes("out/a.remove-the-drums.wav") == place.bytes("single.wav"),
      "a batch edits as a single edit does")
    #expect(try Command(batch, in: place.url).status == 2)
    #expect(try Command(batch + ["--resume"], in: place.url).status == 3)
    #expect(try place.run("batch", "status", "--out", "out").output.hasPrefix("2 done\n"))
    #expect(try place.run("batch", "cancel", "--out", "out").status == 3)
    #expect(try place.run("batch", "status", "--out", "songs").status == 2)
  }

  @Test func everyProblemHasALine() throws {
    let place = try Workplace()
    try place.song("a.wav", seconds: 1)
    try Data("input,instruction\na.wav,sing to me\nb.wav,remove the drums\n".utf8).write(
      to: place.url.appendingPathComponent("jobs.csv"))
    let run = try place.run("batch", "jobs.csv", "--out", "out")
    let lines = run.errors.split(separator: "\n")
    #expect(run.status == 2 && lines.count == 2 && !place.names.contains("out"))
    #expect(lines.first?.hasPrefix("aedit: jobs.csv:2: ") == true)
    #expect(lines.last?.hasPrefix("aedit: jobs.csv:3: ") == true)
  }

  /// Music models play chords, sound models play none.
  @Test func chordsNeedAPlayer() throws {
    let place = try Workplace()
    try place.song("a.wav", seconds: 1)
    for (instruction, status) in [("add a piano", 0), ("remove the drums", 2), ("add rain", 2)] {
      let run = try place.run(
        "batch", "a.wav", "--instruction", instruction, "--chords", "C G", "--out", "out",
        "--dry-run")
      #expect(run.status == Int32(status), "\(run.errors)")
      #expect(status == 0 || run.errors.contains("leave --chords out"))
    }
  }

  @Test(.enabled(if: Command.hasPainter)) func recordingsAreFilledAsOneIs() throws {
    let place = try Workplace()
    try place.talk { samples in for index in 40000..<42000 { samples[index] = 0 } }
    let batch = [
      "batch", "talk.wav", "--transcript", "{stem}.txt", "--out", "o", "--gap", "auto",
      "--method", "continue",
    ]
    let run = try Command(batch, in: place.url)
    #expect(run.status == 0 && run.output == "1 done; report: o/report.html\n", "\(run.errors)")
    let single = try place.run(
      "fill", "talk.wav", "--transcript", "talk.txt", "--gap", "auto", "--method", "continue")
    #expect(single.status == 0)
    #expect(try place.bytes("o/talk.filled.wav") == place.bytes("talk.filled.wav"))
    #expect(try Command(batch + ["--resume"], in: place.url).status == 3)
  }

  @Test(arguments: [
    ["--instruction", "remove the drums"], ["--recipe", "talk.txt"], ["--steps", "20"],
    ["--region", "0:01-0:02"], ["--stems"], ["--method", "mask"], ["--method", "magic"],
    ["--gap", "auto", "--gap", "1-2"], ["--gap", "1"],
  ])
  func optionsThatMeanNothingForFills(options: [String]) throws {
    let place = try Workplace()
    try place.talk()
    let run = try Command(
      ["batch", "talk.wav", "--transcript", "{stem}.txt", "--out", "out"] + options, in: place.url)
    #expect(run.status == 2, "\(run.errors)")
    #expect(run.errors.split(separator: "\n").filter { $0.hasPrefix("aedit: ") }.count == 1)
    #expect(place.names == ["talk.txt", "talk.wav"])
  }

  /// Asked to stop by `cancel`, a batch says what to do and leaves nothing half-written.
  @Test func cancelledItGoesOnLater() throws {
    let place = try Workplace()
    for name in ["a", "b"] { try place.song("songs/\(name).wav", seconds: 20) }
    let batch = [
      "batch", "songs", "--instruction", "add strings", "--out", "out", "--workers", "1",
    ]
    var answer: Command?
    let run = try Command(
      batch, in: place.url,
      whenRunning: {
        let status = try? place.run("batch", "status", "--out", "out")
        guard status?.output.contains("1 running") == true else { return false }
        answer = try? place.run("batch", "cancel", "--out", "out")
        return true
      })
    #expect(answer?.output.hasPrefix("stopped: process") == true)
    #expect(run.status == 128 + SIGTERM && run.errors.contains("go on with --resume"))
    #expect(
      !(try FileManager.default.subpathsOfDirectory(atPath: place.url.path)).contains {
        $0.contains(".part.")
      })
    #expect(try place.run("batch", "status", "--out", "out").output.hasPrefix("2 waiting\n"))
  }

  /// The short form of `Scripts/kill-batch`.
  @Test func killedAtAnyMomentNothingIsLost() throws {
    let result = try Command.script("Scripts/kill-batch", ["--files", "8", "--kills", "4"])
    #expect(result.status == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("\"kills\": 4"))
  }

  /// Three rows of the benchmark, which fails when a batch takes more than `--memory`.
  @Test func memoryStaysBounded() throws {
    let result = try Command.script("Benchmarks/batch/run", ["memory", "--quick"])
    #expect(result.status == 0, "\(result.output) \(result.errors)")
    #expect(result.output.split(separator: "\n").count == 3)
  }

  /// On a file system of 12 MB that is filled up first.
  @Test(.enabled(if: Command.canMount)) func aFullDiskStopsInOneLine() throws {
    let place = try Workplace()
    for index in 0..<4 { try place.song("songs/\(index).wav", seconds: 4) }
    try FileManager.default.createDirectory(
      at: place.url.appendingPathComponent("small"), withIntermediateDirectories: true)
    let batch = "\"$0\" batch songs --instruction 'remove the drums' --quiet --out small/out"
    let script = """
      mount -t tmpfs -o size=12m none small && head -c 11300000 /dev/zero >small/filler
      \(batch); echo "full: $?"
      \(batch) --resume; echo "still full: $?"
      rm small/filler
      \(batch) --resume; echo "free: $?"
      ls small/out/*.wav | wc -l; ls -A small/out/.aedit-batch
      """
    let run = try Command.shell(script, in: place.url)
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(
      lines.prefix(4) == ["full: 1", "still full: 1", "free: 0", "4"], "\(run.output) \(run.errors)"
    )
    #expect(!lines.contains("work"))
    let errors = run.errors.split(separator: "\n")
    #expect(errors.count == 2 && errors.allSatisfy { $0.contains("the disk is full") })
  }
}
