import AudioFiles
import Foundation
import Testing

@Suite(.enabled(if: Command.hasPainter && Command.hasMusic)) struct FillCommandTests {
  private func samples(_ place: Workplace, _ name: String) throws -> AudioBlock {
    try AudioReader(path: place.url.appendingPathComponent(name).path).readAll()
  }

  /// Outside of the gaps every sample is the input's, in every format.
  @Test(arguments: [
    (8000, 1, SampleEncoding.integer(bits: 16)), (16000, 2, .integer(bits: 24)),
    (44100, 1, .float(bits: 32)), (48000, 2, .integer(bits: 16)), (22050, 1, .integer(bits: 24)),
    (44100, 2, .float(bits: 32)),
  ])
  func outsideOfGapsNothingChanges(rate: Int, channels: Int, encoding: SampleEncoding) throws {
    let place = try Workplace()
    let gaps = [(2.5, 3.0), (6.8, 7.05)]
    try place.talk(rate: rate, channels: channels, encoding: encoding) { samples in
      for (start, end) in gaps {
        for index in Int(start * Double(rate))..<Int(end * Double(rate)) { samples[index] = 0 }
      }
    }
    let run = try Command(
      ["fill", "talk.wav", "--transcript", "talk.txt", "--gap", "2.5-3.0", "--gap", "6.8-7.05"],
      in: place.url)
    #expect(run.status == 0, "\(run.errors)")
    let (before, after) = (try samples(place, "talk.wav"), try samples(place, "talk.filled.wav"))
    #expect(before.frameCount == after.frameCount && before.channelCount == after.channelCount)
    var (outside, power, loudest) = (0, 0.0, 0.0)
    for frame in 0..<before.frameCount {
      let seconds = Double(frame) / Double(rate)
      let isInside = gaps.contains { seconds >= $0.0 && seconds < $0.1 }
      for channel in 0..<channels {
        let (a, b) = (
          before.samples[frame * channels + channel], after.samples[frame * channels + channel]
        )
        if isInside { power += b * b } else if a != b { outside += 1 }
        loudest = max(loudest, abs(a))
      }
    }
    #expect(outside == 0)
    let level = (power / (0.75 * Double(rate * channels))).squareRoot()
    #expect(level > 0.005 * loudest && level < loudest)
    // No click at the gaps' ends: the step is one that speech makes.
    for (start, end) in gaps {
      for edge in [Int(start * Double(rate)), Int(end * Double(rate))] {
        for channel in 0..<channels {
          let step =
            after.samples[edge * channels + channel]
            - after.samples[(edge - 1) * channels + channel]
          #expect(abs(step) < 0.25 * loudest)
        }
      }
    }
    let sidecar = String(decoding: try place.bytes("talk.filled.wav.aedit.json"), as: UTF8.self)
    #expect(sidecar.contains("\"operation\" : \"fill\"") && sidecar.contains("speech"))
    let again = try Command(
      [
        "fill", "talk.wav", "--transcript", "talk.txt", "--gap", "2.5-3.0", "--gap", "6.8-7.05",
        "-o",
        "again.wav", "--threads", "1",
      ], in: place.url)
    #expect(again.status == 0)
    #expect(try place.bytes("again.wav") == place.bytes("talk.filled.wav"), "equal on any threads")
  }

  @Test func damageIsFound() throws {
    let place = try Workplace()
    try place.talk { samples in
      for index in 40000..<45000 { samples[index] = 0 }
      for index in 64000..<64320 { samples[index + 320] = samples[index] }
      for index in 96000..<97600 { samples[index] = 0.9 * sin(Double(index * index % 7919)) }
    }
    let run = try place.run(
      "fill", "talk.wav", "--transcript", "talk.txt", "--gap", "auto", "--dry-run", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let gaps = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
    let kinds = gaps?.compactMap { $0["kind"] as? String } ?? []
    #expect(kinds == ["dropout", "repeated", "burst"], "\(run.output)")
    let starts = gaps?.compactMap { $0["startSeconds"] as? Double } ?? []
    for (found, real) in zip(starts, [2.5, 4.02, 6.0]) { #expect(abs(found - real) < 0.03) }
    #expect(place.names == ["talk.txt", "talk.wav"])
  }

  @Test func bracketsMarkTheGap() throws {
    let place = try Workplace()
    try place.talk { samples in for index in 40000..<48000 { samples[index] = 0 } }
    let text = String(decoding: try place.bytes("talk.txt"), as: UTF8.self)
      .replacing("currently", with: "[currently]")
    try Data(text.utf8).write(to: place.url.appendingPathComponent("marked.txt"))
    let run = try place.run("fill", "talk.wav", "--transcript", "marked.txt", "--dry-run", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let gaps = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
    #expect(gaps?.count == 1 && gaps?.first?["kind"] as? String == "marked")
    #expect((gaps?.first?["words"] as? [String])?.contains("currently") == true)
  }

  /// A continued dropout is about as loud as what was there: a hundredth of a second of a voice.
  @Test func shortDropoutsAreContinued() throws {
    let (undamaged, place) = (try Workplace(), try Workplace())
    try undamaged.talk()
    let whole = try samples(undamaged, "talk.wav").samples
    try place.talk { samples in for index in 40000..<40160 { samples[index] = 0 } }
    let run = try place.run(
      "fill", "talk.wav", "--transcript", "talk.txt", "--gap", "2.5-2.51", "--json")
    #expect(run.status == 0 && run.output.contains("\"method\" : \"continue\""), "\(run.errors)")
    let made = try samples(place, "talk.filled.wav").samples
    func power(_ samples: [Double]) -> Double {
      samples[40000..<40160].reduce(0) { $0 + $1 * $1 }
    }
    #expect(power(made) > 0.1 * power(whole) && power(made) < 4 * power(whole))
    #expect(made[..<40000] == whole[..<40000] && made[40160...] == whole[40160...])
  }

  @Test func wordsAreReplaced() throws {
    let place = try Workplace()
    try place.talk()
    let arguments = [
      "fill", "talk.wav", "--transcript", "talk.txt", "--replace", "currently", "every evening",
    ]
    let refused = try Command(arguments, in: place.url)
    #expect(refused.status != 0 && refused.errors.contains("--i-have-consent"), "\(refused.errors)")
    #expect(place.names == ["talk.txt", "talk.wav"])
    let run = try Command(arguments + ["--i-have-consent"], in: place.url)
    #expect(run.status == 0, "\(run.errors)")
    let (before, after) = (try samples(place, "talk.wav"), try samples(place, "talk.filled.wav"))
    let bytes = try place.bytes("talk.filled.wav.aedit.json")
    let sidecar = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
    let gap = (sidecar?["gaps"] as? [[String: Any]])?.first
    let replaced = sidecar?["replacement"] as? [String: Any]
    #expect(replaced?["old"] as? String == "currently")
    #expect((replaced?["consent"] as? String)?.contains("consent") == true)
    let start = Int(((gap?["startSeconds"] as? Double ?? 0) * 16000).rounded())
    let end = Int(((gap?["endSeconds"] as? Double ?? 0) * 16000).rounded())
    #expect(start > 0 && end - start > 8000, "three words' length")
    let rest = after.frameCount - end
    #expect(after.samples[..<start] == before.samples[..<start])
    #expect(after.samples[end...] == before.samples[(before.frameCount - rest)...])
    let tag = try AudioReader(path: place.url.appendingPathComponent("talk.filled.wav").path)
      .info.tags[.comment]
    #expect(tag?.contains("every evening") == true)
  }

  /// What is wrong, in one line, and nothing is written.
  @Test(arguments: [
    (["--transcript", "absent.txt"], 1), (["--transcript", "talk.wav"], 1),
    (["--transcript", "talk.txt", "--gap", "3-2"], 2),
    (["--transcript", "talk.txt", "--gap", "100-101"], 2),
    (["--transcript", "talk.txt", "--gap", "1-5"], 2),
    (["--transcript", "talk.txt", "--gap", "auto", "--gap", "1-2"], 2),
    (["--transcript", "talk.txt", "--gap", "2.5-3", "-o", "talk.wav"], 2),
    (["--transcript", "talk.txt", "--gap", "2.5-3", "-o", "x.xyz"], 1), ([], 2),
    (["--transcript", "talk.txt", "--replace", "currently"], 2),
    (["--transcript", "talk.txt", "--replace", "unsaid", "said", "--i-have-consent"], 2),
    (["--transcript", "talk.txt", "--gap", "2.5-3", "--method", "magic"], 2),
  ])
  func mistakesAreNamed(options: [String], status: Int) throws {
    let place = try Workplace()
    try place.talk()
    let run = try Command(["fill", "talk.wav"] + options, in: place.url)
    #expect(run.status == Int32(status), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").filter { $0.hasPrefix("aedit: ") }.count == 1)
    #expect(place.names == ["talk.txt", "talk.wav"])
  }

  @Test func wholeRecordingsAreCopied() throws {
    let place = try Workplace()
    try place.talk()
    let run = try place.run("fill", "talk.wav", "--transcript", "talk.txt", "--gap", "auto")
    #expect(run.status == 3, "\(run.output) \(run.errors)")
    #expect(try place.bytes("talk.filled.wav") == place.bytes("talk.wav"))
    let other = try place.run(
      "fill", "talk.wav", "--transcript", "talk.txt", "--gap", "auto", "-o", "talk.flac")
    #expect(other.status == 3, "\(other.errors)")
    #expect(try place.bytes("talk.flac").starts(with: Array("fLaC".utf8)))
    #expect(try samples(place, "talk.flac").samples == samples(place, "talk.wav").samples)
  }
}
