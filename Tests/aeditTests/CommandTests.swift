import Foundation
import Testing

@Suite struct CommandTests {
  /// What is wrong, in one line, and the exit code that the design gives it.
  @Test(arguments: [
    (["song.wav"], 2), (["song.wav", "remove drums", "--strength", "loud"], 2),
    (["song.wav", "remove drums", "--region", "5"], 2),
    (["song.wav", "remove drums", "--region", "0:01-0:02", "--steps", "0"], 2),
    (["song.wav", "remove drums", "--threads", "0"], 2),
    (["song.wav", "remove drums", "-o", "song.wav"], 2),
    (["song.wav", "remove drums", "-o", "song.xyz"], 1),
    (["song.wav", "remove drums", "-o", "nowhere/song.wav"], 1),
    (["absent.wav", "remove drums"], 1), (["broken.wav", "remove drums"], 1),
    (["metrics", "song.wav", "short.wav"], 2), (["spectrogram", "song.wav", "-o", "a.jpg"], 2),
    (["song.wav", "remove drums", "--model", "nowhere"], 1),
  ])
  func mistakesAreNamedInOneLine(arguments: [String], status: Int) throws {
    let place = try Workplace()
    try place.song(seconds: 0.3)
    try place.song("short.wav", seconds: 0.2)
    try Data("RIFF no sound".utf8).write(to: place.url.appendingPathComponent("broken.wav"))
    let before = place.names
    let run = try Command(arguments, in: place.url)
    #expect(run.status == Int32(status), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1 && run.errors.hasPrefix("aedit: "))
    #expect(run.output.isEmpty)
    #expect(place.names == before)
  }

  @Test func helpAndVersion() throws {
    let place = try Workplace()
    let help = try place.run("--help")
    #expect(help.status == 0 && help.output.contains("stems") && help.errors.isEmpty)
    #expect(try place.run("--version").output.hasPrefix("0."))
    #expect(try place.run("edit", "--help").output.contains("--save-stem"))
  }

  @Test func picturesAndMeasures() throws {
    let place = try Workplace()
    try place.song(seconds: 2)
    try place.song("other.wav", seconds: 2)
    #expect(try place.run("spectrogram", "song.wav", "other.wav", "-o", "x.png").status == 0)
    let png = try Data(contentsOf: place.url.appendingPathComponent("x.png"))
    #expect(png.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    #expect(try place.run("spectrogram", "song.wav", "-o", "x.png").status == 2)
    let table = try place.run("metrics", "song.wav", "other.wav", "--input", "song.wav")
    #expect(table.status == 0 && table.output.contains("loudness"))
    let json = try place.run("metrics", "song.wav", "other.wav", "--json")
    let values = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(values?["changedShare"] as? Double == 0)
  }

  @Test(.enabled(if: Command.hasText)) func plans() throws {
    let place = try Workplace()
    let plan = try place.run("plan", "remove the drums from 0:10 to 0:20", "--json")
    let value = try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Any]
    let step = try #require((value?["steps"] as? [[String: Any]])?.first)
    #expect(step["operation"] as? String == "remove" && step["target"] as? String == "drums")
    #expect(step["region"] as? [Double] == [10, 20])
    #expect(try place.run("plan", "remove the drums").output.hasPrefix("remove drums"))
    let distorted = try place.run("plan", "add a distorted guitar").output
    #expect(distorted.hasPrefix("add electric guitar (distorted)"))
    #expect(distorted.contains("\nnote: the installed models cannot add distorted guitar"))
    let refusal = try place.run("plan", "what is the capital of France?")
    #expect(refusal.status == 2 && refusal.output.isEmpty && refusal.errors.contains("possible"))
  }
}

/// With the default music models.
@Suite(.enabled(if: Command.hasMusic && Command.hasText)) struct EditCommandTests {
  @Test func editsAndReports() throws {
    let place = try Workplace()
    try place.song(seconds: 4)
    let edit = try place.run("song.wav", "remove the drums", "--json", "--save-stem", "drums.wav")
    #expect(edit.status == 0, "\(edit.errors)")
    let wanted = ["drums.wav", "song.edited.wav", "song.edited.wav.aedit.json", "song.wav"]
    #expect(place.names == wanted)
    let value = try JSONSerialization.jsonObject(with: Data(edit.output.utf8)) as? [String: Any]
    #expect(value?["changed"] as? Bool == true)
    let quiet = try place.run("song.wav", "remove the drums", "--quiet", "--force")
    #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
    #expect(try place.run("song.wav", "remove the drums").status == 2)
  }

  @Test func sameSeedSameBytes() throws {
    let place = try Workplace()
    try place.song(seconds: 3)
    for (threads, name) in [("1", "a.wav"), ("2", "b.wav"), ("3", "c.wav")] {
      let run = try place.run(
        "song.wav", "add a piano", "-o", name, "--threads", threads, "--steps", "3", "--seed", "5")
      #expect(run.status == 0 || run.status == 3, "\(run.errors)")
    }
    let sounds = try ["a.wav", "b.wav", "c.wav"].map {
      try Data(contentsOf: place.url.appendingPathComponent($0))
    }
    #expect(sounds[0] == sounds[1] && sounds[1] == sounds[2])
  }

  @Test func interruptLeavesNothing() throws {
    let place = try Workplace()
    try place.song(seconds: 120)
    let start = Date()
    let run = try Command(
      ["song.wav", "add a guitar", "--save-stem", "stem.wav"], in: place.url,
      interrupting: { Date().timeIntervalSince(start) > 1 })
    #expect(run.status == 128 + SIGINT)
    #expect(place.names == ["song.wav"])
  }

  @Test func stems() throws {
    let place = try Workplace()
    try place.song(seconds: 3)
    let run = try place.run("stems", "song.wav", "-o", "stems", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let list = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
    #expect(list?.last?["name"] as? String == "other")
  }
}
