import Checkpoints

/// Recognisers' results: Whisper and its relatives, Vosk, gentle, Google, Amazon, Deepgram,
/// AssemblyAI, and what `aedit align` writes.
///
/// They differ in the names of the same few things, so one walk serves all: lists of words, in which
/// each has a text and two times; or lists of passages, whose times then hold for their words.
struct WordTimesJSON {
  let path: String

  /// Members that hold what is inside, in the order in which they are preferred.
  private static let lists = [
    "word_segments", "words", "items", "result", "results", "segments", "monologues", "elements",
    "channels", "utterances", "transcription",
  ]
  private static let texts = ["punctuated_word", "word", "text", "content", "value"]
  private static let starts = ["start", "start_time", "startTime", "from", "ts"]
  private static let ends = ["end", "end_time", "endTime", "to", "end_ts"]

  func words(_ text: String) throws -> [TranscriptWord] {
    let root: JSONValue
    do {
      root = try JSONValue(parsing: Array(text.utf8))
    } catch let error as JSONError {
      throw TranscriptError.malformed(path: path, line: nil, problem: "\(error)")
    }
    return words(in: root)
  }

  private func words(in value: JSONValue) -> [TranscriptWord] {
    if let items = value.array { return items.flatMap { words(in: $0) } }
    guard value.object != nil else { return [] }
    // Of several readings the first is the best one.
    if let first = value["alternatives"]?.array?.first {
      let inner = words(in: first)
      if inner.count > 1 || (inner.first?.seconds != nil) { return inner }
      let span = span(of: value)
      return inner.map { TranscriptWord($0.text, seconds: span) }
    }
    for name in Self.lists {
      guard let list = value[name], list.array != nil || list.object != nil else { continue }
      let inner = words(in: name == "channels" ? list.array?.first ?? list : list)
      if !inner.isEmpty { return inner }
    }
    guard let text = Self.texts.lazy.compactMap({ value[$0]?.string }).first else { return [] }
    return TimeSpan.words(text, in: span(of: value))
  }

  /// Seconds; whole numbers beside `text` (AssemblyAI) and offsets (whisper.cpp) are milliseconds.
  private func span(of value: JSONValue) -> ClosedRange<Double>? {
    if let offsets = value["offsets"] { return span(of: offsets, scale: 0.001) }
    let starts = Self.starts.lazy.compactMap { value[$0] }.first
    let ends = Self.ends.lazy.compactMap { value[$0] }.first
    let isMilliseconds =
      starts?.integer != nil && ends?.integer != nil && value["text"] != nil
      && value["word"] == nil && value["id"] == nil
    return span(of: value, scale: isMilliseconds ? 0.001 : 1)
  }

  private func span(of value: JSONValue, scale: Double) -> ClosedRange<Double>? {
    guard let start = Self.starts.lazy.compactMap({ seconds(value[$0]) }).first,
      let end = Self.ends.lazy.compactMap({ seconds(value[$0]) }).first
    else { return nil }
    return TimeSpan.checked(start * scale, end * scale)
  }

  /// 1.5, "1.5" or "1.5s".
  private func seconds(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .string(let text): Double(text.hasSuffix("s") ? String(text.dropLast()) : text)
    default: nil
    }
  }
}
