import Foundation
import Instructions
import Testing

private func region(_ start: TimePoint, _ end: TimePoint) -> TimeRegion {
  TimeRegion(start: start, end: end)
}

private func span(_ start: Double, _ end: Double) -> TimeRegion {
  region(.fromStart(start), .fromStart(end))
}

private func from(_ start: Double) -> TimeRegion { region(.fromStart(start), .end) }
private func until(_ end: Double) -> TimeRegion { region(.start, .fromStart(end)) }
private func last(_ seconds: Double) -> TimeRegion { region(.fromEnd(seconds), .end) }
private let whole = region(.start, .end)

@Suite struct RegionTests {
  static let phrases: [(String, TimeRegion)] = [
    ("from 0:30 to 1:00", span(30, 60)),
    ("from 0:30 until 1:00", span(30, 60)),
    ("from 0:30 till 1:00", span(30, 60)),
    ("from 0:30 up to 1:00", span(30, 60)),
    ("from 0:30 through 1:00", span(30, 60)),
    ("form 0:30 to 1:00", span(30, 60)),
    ("frm 0:30 untill 1:00", span(30, 60)),
    ("0:12-0:20", span(12, 20)),
    ("0:12 – 0:20", span(12, 20)),
    ("at 0:12-0:20", span(12, 20)),
    ("from 1:02:03.5 to 1:02:04", span(3723.5, 3724)),
    ("from 10 to 20 seconds", span(10, 20)),
    ("from 10 to 20", span(10, 20)),
    ("10-20s", span(10, 20)),
    ("from 10s to 20s", span(10, 20)),
    ("from 1 to 2 minutes", span(60, 120)),
    ("from 50 to 1:20", span(50, 80)),
    ("from 1m30 to 2m", span(90, 120)),
    ("from 1m30s to 2m05s", span(90, 125)),
    ("from one minute to one and a half minutes", span(60, 90)),
    ("from second 10 to second 20", span(10, 20)),
    ("between 10 and 20 seconds", span(10, 20)),
    ("between 0:10 and 0:25", span(10, 25)),
    ("between seconds 3 and 9", span(3, 9)),
    ("betwen ten and twenty-five secnds", span(10, 25)),
    ("from the start to 0:50", until(50)),
    ("from the beginning until the end", whole),
    ("from 1:30 to the end", from(90)),
    ("from 1:30 all the way to the very end of the song", from(90)),
    ("from 0:20 to ten seconds before the end", region(.fromStart(20), .fromEnd(10))),
    ("in the first ten seconds", until(10)),
    ("in the frist 10 secs", until(10)),
    ("for the first 5 seconds of the song", until(5)),
    ("during the first minute", until(60)),
    ("in the first minute and a half", until(90)),
    ("in the first half a minute", until(30)),
    ("within the initial 2 minutes and 10 seconds", until(130)),
    ("in the first 0:30", until(30)),
    ("for the first twenty five seconds", until(25)),
    ("the first hundred and twenty seconds", until(120)),
    ("in the opening 10-second", until(10)),
    ("the last 5 s", last(5)),
    ("in the last half minute", last(30)),
    ("for the final 20 seconds of this track", last(20)),
    ("over the last couple of minutes", last(120)),
    ("during the last minute", last(60)),
    ("in the first half", region(.start, .fraction(0.5))),
    ("through the second half", region(.fraction(0.5), .end)),
    ("in the last quarter", region(.fraction(0.75), .end)),
    ("in the second minute", span(60, 120)),
    ("in the 3rd minute", span(120, 180)),
    ("until the end", whole),
    ("until 0:40", until(40)),
    ("up to 1:15", until(75)),
    ("before 0:45", until(45)),
    ("until the last ten seconds", region(.start, .fromEnd(10))),
    ("until ten seconds before the end", region(.start, .fromEnd(10))),
    ("after 1:30", from(90)),
    ("after 1 minute", from(60)),
    ("after a minute", from(60)),
    ("after the first minute", from(60)),
    ("from 0:30 on", from(30)),
    ("from 0:30 onwards", from(30)),
    ("from minute two on", from(120)),
    ("starting at 1:05", from(65)),
    ("beginning from 20 seconds", from(20)),
    ("at 0:33", from(33)),
    ("at 15 seconds", from(15)),
    ("at the 30 second mark", from(30)),
    ("0:30 onwards", from(30)),
    ("20 seconds in", from(20)),
    ("ten seconds into the song", from(10)),
    ("starting halfway through", region(.fraction(0.5), .end)),
    ("starting 30 seconds from the end", last(30)),
    ("for 10 seconds after 1:00", span(60, 70)),
    ("for ten seconds starting at 0:20", span(20, 30)),
    ("for 10 seconds", until(10)),
    ("for 1,5 seconds", until(1.5)),
    ("for 500 ms from 0:10", span(10, 10.5)),
  ]

  @Test(arguments: phrases)
  func readsPhrases(phrase: String, wanted: TimeRegion) throws {
    for text in [
      "remove the drums \(phrase)", "\(phrase), remove the drums",
      "Remove the drums, \(phrase.uppercased()).",
    ] {
      let cut = try CutInstruction(text)
      #expect(
        cut.clauses.map(\.text) == ["remove the drums"]
          || cut.clauses.map(\.text) == ["Remove the drums"], "\(text)")
      #expect(
        cut.leadingRegions + cut.clauses.flatMap(\.regions) == (wanted.isWhole ? [] : [wanted]),
        "\(text)")
    }
  }

  @Test(arguments: [
    "change the tempo to 128", "slow the whole thing down to 90 bpm", "add 3 dB at 10 kHz",
    "please take the tempo from 90 to 128 bpm", "trim two seconds from the start",
    "delete the last email",
    "add 2 guitars", "take the drums from the song", "book a table for two at eight", "42",
    "he was second fiddle to his brother", "first remove the drums", "put it on at the end",
    "a 12 string guitar", "the third guitar", "play it in 4/4", "let me hear it for a while",
  ])
  func findsNoTimeWhereThereIsNone(text: String) throws {
    let cut = try CutInstruction(text)
    #expect(cut.leadingRegions.isEmpty && cut.clauses.allSatisfy { $0.regions.isEmpty })
    #expect(cut.clauses.first?.text == text)
  }

  @Test func refusesRegionsThatEndBeforeTheyStart() {
    for text in ["drums from 1:00 to 0:30", "between 20 and 10 seconds", "drums 5-5s"] {
      #expect(throws: InstructionError.self) { try CutInstruction(text) }
    }
  }

  @Test func resolvesAgainstTheSong() throws {
    #expect(try last(5).resolved(durationSeconds: 20) == 15...20)
    #expect(try last(50).resolved(durationSeconds: 20) == 0...20)
    #expect(try span(10, 60).resolved(durationSeconds: 20) == 10...20)
    #expect(try region(.fraction(0.5), .end).resolved(durationSeconds: 20) == 10...20)
    let late = try #require(throws: InstructionError.self) {
      try from(90).resolved(durationSeconds: 65.25)
    }
    #expect("\(late)" == "the region starts at 1:30, but the song ends at 1:05.3")
    #expect(throws: InstructionError.self) {
      try region(.fromStart(15), .fromEnd(10)).resolved(durationSeconds: 20)
    }
  }

  @Test func writesBoundsAsSecondsFromEitherEnd() throws {
    let encoder = JSONEncoder()
    for (value, text) in [
      (span(12, 20.5), "[12,20.5]"), (last(5), "[-5,null]"), (from(90), "[90,null]"),
      (region(.fraction(0.5), .fromEnd(3)), #"["50.0%",-3]"#),
    ] {
      let data = try encoder.encode(value)
      #expect(String(decoding: data, as: UTF8.self) == text)
      #expect(try JSONDecoder().decode(TimeRegion.self, from: data) == value)
    }
  }

  @Test func namesPartsWithoutTimes() throws {
    #expect(
      try CutInstruction("dump the guitars in the final chorus").vague == ["in the final chorus"])
    #expect(try CutInstruction("add strings at the end").vague == ["at the end"])
    #expect(try CutInstruction("drums for eight bars").vague == ["for eight bars"])
    #expect(try CutInstruction("end the drums").vague == [])
    #expect(try CutInstruction("drums from 0:30 to the end").vague == [])
  }
}
