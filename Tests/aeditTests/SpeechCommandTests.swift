import AudioFiles
import Foundation
import Testing

@Suite(.enabled(if: Command.hasSpeech)) struct SpeechCommandTests {
  @Test(arguments: ["TextGrid", "srt", "vtt", "ctm", "json"])
  func wordsAreFound(ending: String) throws {
    let place = try Workplace()
    try place.talk()
    let run = try place.run("align", "talk.wav", "--transcript", "talk.txt", "-o", "out.\(ending)")
    #expect(run.status == 0 && run.output == "out.\(ending)\n", "\(run.errors)")
    let text = String(decoding: try place.bytes("out.\(ending)"), as: UTF8.self)
    #expect(text.contains("household") && text.contains("received."))
    let again = try place.run("align", "talk.wav", "--transcript", "out.\(ending)")
    #expect(again.status == 0 && place.names.contains("talk.TextGrid"), "\(again.errors)")
  }

  @Test func anotherTextIsRefused() throws {
    let place = try Workplace()
    try place.talk()
    let other = """
      Four score and seven years ago our fathers brought forth upon this continent a new nation,
      conceived in liberty and dedicated to the proposition.
      """
    try Data(other.utf8).write(to: place.url.appendingPathComponent("other.txt"))
    let run = try place.run("align", "talk.wav", "--transcript", "other.txt", "-o", "out.json")
    #expect(run.status == 2 && run.errors.contains("does not match the sound"), "\(run.errors)")
    let long = String(repeating: "many words ", count: 400)
    try Data(long.utf8).write(to: place.url.appendingPathComponent("long.txt"))
    let full = try place.run("align", "talk.wav", "--transcript", "long.txt", "-o", "out.json")
    #expect(full.status == 2 && full.errors.contains("do not fit"), "\(full.errors)")
    #expect(place.names == ["long.txt", "other.txt", "talk.txt", "talk.wav"])
  }

  /// A slip in a long transcript is warned of, with its place.
  @Test func aSlipIsWarnedOf() throws {
    let place = try Workplace()
    try place.talk()
    let said = String(decoding: try place.bytes("talk.txt"), as: UTF8.self)
    let clip = try AudioReader(path: place.url.appendingPathComponent("talk.wav").path)
    let block = try clip.readAll()
    var info = clip.info
    info.frameCount *= 30
    let writer = try AudioWriter(
      path: place.url.appendingPathComponent("long.wav").path, like: info)
    for _ in 0..<30 { try writer.write(block) }
    try writer.commit()
    var texts = [String](repeating: said, count: 30)
    texts[20] = "Four score and seven years ago our fathers brought forth a new nation here"
    try Data(texts.joined(separator: "\n").utf8).write(
      to: place.url.appendingPathComponent("long.txt"))
    let run = try place.run("align", "long.wav", "--transcript", "long.txt", "-o", "out.json")
    #expect(run.status == 0, "\(run.errors)")
    let seconds = clip.info.durationSeconds
    let clock = try #require(run.errors.firstMatch(of: /(\d+):(\d\d)\.\d+\) other words are said/))
    let at = try #require(Double(clock.1)) * 60 + #require(Double(clock.2))
    #expect((19 * seconds...21.5 * seconds).contains(at), "\(run.errors)")
  }

  /// What is wrong, in one line, and nothing is written.
  @Test(arguments: [
    (["--transcript", "absent.txt"], 1), (["--transcript", "talk.wav"], 1),
    (["--transcript", "talk.txt", "-o", "x.xyz"], 1),
    (["--transcript", "talk.txt", "-o", "nowhere/x.srt"], 1), ([], 2),
  ])
  func mistakesAreNamed(options: [String], status: Int) throws {
    let place = try Workplace()
    try place.talk()
    let run = try Command(["align", "talk.wav"] + options, in: place.url)
    #expect(run.status == Int32(status), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").filter { $0.hasPrefix("aedit: ") }.count == 1)
    #expect(place.names == ["talk.txt", "talk.wav"])
  }

  @Test func theTranscriptIsNotReplaced() throws {
    let place = try Workplace()
    try place.talk()
    #expect(
      try place.run("align", "talk.wav", "--transcript", "talk.txt", "-o", "a.srt").status == 0)
    let run = try place.run("align", "talk.wav", "--transcript", "a.srt", "-o", "a.srt", "--force")
    #expect(run.status == 2 && run.errors.contains("the output would replace the input"))
  }
}
