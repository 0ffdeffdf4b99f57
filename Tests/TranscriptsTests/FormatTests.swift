import Foundation
import Testing
import Transcripts

@Suite struct FormatTests {
  /// Reads a transcript from a file of that name.
  private func read(_ text: String, as name: String) throws -> [TranscriptWord] {
    try read(Data(text.utf8), as: name)
  }

  private func read(_ data: Data, as name: String) throws -> [TranscriptWord] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent(name)
    try data.write(to: url)
    return try Transcript(path: url.path).words
  }

  private let pair = [
    TranscriptWord("Hello,", seconds: 0.5...0.9), TranscriptWord("world", seconds: 1...1.5),
  ]

  @Test func plainTextWithAGap() throws {
    #expect(
      try read("I would like [to order] a pizza - now!", as: "a.txt") == [
        TranscriptWord("I"), TranscriptWord("would"), TranscriptWord("like"),
        TranscriptWord("to", isMissing: true), TranscriptWord("order", isMissing: true),
        TranscriptWord("a"), TranscriptWord("pizza-"), TranscriptWord("now!"),
      ])
  }

  @Test(arguments: [
    #"{"segments": [{"id": 0, "start": 0, "end": 2, "text": " Hello, world", "words": [{"word": " Hello,", "start": 0.5, "end": 0.9}, {"word": " world", "start": 1, "end": 1.5}]}]}"#,
    #"{"words": [{"word": "Hello,", "start": 0.5, "end": 0.9}, {"word": "world", "start": 1.0, "end": 1.5}]}"#,
    #"{"result": [{"conf": 1, "word": "Hello,", "start": 0.5, "end": 0.9}, {"word": "world", "start": 1.0, "end": 1.5}], "text": "Hello, world"}"#,
    #"{"results": [{"alternatives": [{"transcript": "x", "words": [{"word": "Hello,", "startTime": "0.5s", "endTime": "0.9s"}, {"word": "world", "startTime": "1s", "endTime": "1.5s"}]}, {"words": []}]}]}"#,
    #"{"results": {"items": [{"start_time": "0.5", "end_time": "0.9", "type": "pronunciation", "alternatives": [{"content": "Hello,"}]}, {"start_time": "1.0", "end_time": "1.5", "alternatives": [{"content": "world"}]}, {"type": "punctuation", "alternatives": [{"content": "."}]}]}}"#,
    #"{"results": {"channels": [{"alternatives": [{"words": [{"word": "hello", "punctuated_word": "Hello,", "start": 0.5, "end": 0.9}, {"word": "world", "start": 1, "end": 1.5}]}]}]}}"#,
    #"{"text": "Hello, world", "words": [{"text": "Hello,", "start": 500, "end": 900, "confidence": 1}, {"text": "world", "start": 1000, "end": 1500}]}"#,
    #"{"transcription": [{"offsets": {"from": 500, "to": 900}, "text": " Hello,"}, {"offsets": {"from": 1000, "to": 1500}, "text": " world"}]}"#,
    #"[{"word": "Hello,", "start": 0.5, "end": 0.9}, {"word": "world", "start": 1, "end": 1.5}]"#,
  ])
  func recognisersJSON(_ json: String) throws {
    #expect(try read(json, as: "a.json") == pair)
  }

  @Test func passagesGiveTheirTimesToWords() throws {
    let cue = [TranscriptWord("Two", seconds: 1...2), TranscriptWord("words", seconds: 1...2)]
    #expect(
      try read(
        #"{"segments": [{"id": 1, "start": 1, "end": 2, "text": "Two words [noise]"}]}"#,
        as: "a.json")
        == cue)
    #expect(
      try read(
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Two</i>\r\n{\\an8}words [noise]\r\n", as: "a.srt")
        == cue)
    #expect(
      try read(
        "WEBVTT\n\nNOTE no words\n\nid\n00:01.000 --> 00:02.000 align:start\n<v Ann>Two <00:01.5>words</v>\n",
        as: "a.vtt") == cue)
  }

  @Test func columnsAndGrids() throws {
    #expect(
      try read(";; x\nf 1 0.5 0.4 Hello, 0.9\nf 1 1.0 0.5 world\n", as: "a.ctm").map(\.text)
        == ["Hello,", "world"])
    let short = """
      File type = "ooTextFile"
      Object class = "TextGrid"

      0
      2
      <exists>
      2
      "PointTier" "marks" 0 2 1 0.7 "x"
      "IntervalTier" "words" 0 2 4
      0 0.5 "" 0.5 0.9 "Hello," 0.9 1 "sil" 1 1.5 "world"
      """
    #expect(try read(short, as: "a.TextGrid") == pair)
    let wide = try #require(short.data(using: .utf16))
    #expect(try read(wide, as: "a.TextGrid") == pair)
  }

  @Test(arguments: TimedFormat.allCases)
  func whatIsWrittenIsRead(_ format: TimedFormat) throws {
    let phones = [TimedWord.Phone(symbol: "h", start: 0.5, end: 0.9)]
    let transcript = TimedTranscript(
      words: [
        TimedWord(word: "say", start: 0.25, end: 0.5, confidence: 0.5, phones: []),
        TimedWord(word: "\"Hello,\"", start: 0.5, end: 0.875, confidence: 0.5, phones: phones),
        TimedWord(word: "world.", start: 1, end: 1.5, confidence: nil, phones: []),
      ], seconds: 2)
    let name = "a." + format.rawValue
    let words = try read(transcript.text(as: format, name: "a b.wav"), as: name)
    #expect(words.map(\.text) == transcript.words.map(\.word))
    if format == .srt || format == .vtt {
      #expect(words.allSatisfy { $0.seconds == 0.25...1.5 })
    } else {
      #expect(words.map(\.seconds) == [0.25...0.5, 0.5...0.875, 1...1.5])
    }
  }

  @Test(arguments: [
    ("a.txt", " \n - "), ("a.json", #"{"words": ["#), ("a.json", #"{"a": 1}"#),
    ("a.json", String(repeating: "[", count: 5000)), ("a.srt", "1\n00:01 --> x\nHi\n"),
    ("a.srt", "1\n00:00:05,0 --> 00:00:01,0\nHi\n"), ("a.ctm", "f 1 nan 0.5 word\n"),
    ("a.ctm", "f 1 0.5\n"),
    ("a.TextGrid", "File type = \"ooTextFile\"\n\"TextGrid\" 0 1 <exists> 99999999"),
    (
      "a.TextGrid",
      "\"ooTextFile\" \"TextGrid\" 0 1 <exists> 1 \"IntervalTier\" \"w\" 0 1 1 0 inf \"x\""
    ),
    ("a.TextGrid", "\"ooTextFile\" \"unclosed"), ("a.txt", String(repeating: "x", count: 500)),
    ("a.txt", "zero\0byte"),
  ])
  func badTranscriptsAreRefused(_ name: String, _ text: String) {
    #expect(throws: TranscriptError.self) { _ = try read(text, as: name) }
  }

  @Test func badFilesAreRefused() {
    #expect(throws: TranscriptError.self) { _ = try Transcript(path: "/nowhere/a.txt") }
    #expect(throws: TranscriptError.self) { _ = try Transcript(path: "/tmp") }
    #expect(throws: TranscriptError.self) { _ = try read(Data([0x66, 0xFF, 0xC0]), as: "a.txt") }
    #expect(throws: TranscriptError.self) {
      _ = try read(Data(count: Transcript.mostBytes + 1), as: "a.txt")
    }
  }
}
