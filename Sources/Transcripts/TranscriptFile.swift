import Checkpoints
import Foundation

extension Transcript {
  /// Size beyond which a file is no transcript.
  public static let mostBytes = 16 << 20

  /// Reads a transcript of any known kind, told by its ending and its first bytes: plain text,
  /// recognisers' JSON, SRT, WebVTT, CTM or TextGrid.
  ///
  /// - Throws: ``TranscriptError``
  public init(path: String) throws {
    let text = try Self.text(of: path)
    let ending = (path as NSString).pathExtension.lowercased()
    let start = text.drop(while: \.isWhitespace).prefix(200)
    if ending == "json" || (ending != "txt" && (start.hasPrefix("{") || start.hasPrefix("["))) {
      self.init(words: try WordTimesJSON(path: path).words(text))
    } else if ending == "textgrid" || start.contains("ooTextFile") {
      self.init(words: try TextGrid(path: path, text: text).words)
    } else if ["vtt", "srt"].contains(ending) || start.hasPrefix("WEBVTT") || start.contains("-->")
    {
      self.init(words: try Subtitles(path: path).words(text))
    } else if ending == "ctm" {
      self.init(words: try CTM.words(text, path: path))
    } else {
      self.init(text: text)
    }
    try check(path)
  }

  private func check(_ path: String) throws {
    guard !words.isEmpty else { throw TranscriptError.noWords(path: path) }
    guard words.count <= Self.mostWords else {
      throw TranscriptError.malformed(
        path: path, line: nil,
        problem: "\(words.count) words are over the limit of \(Self.mostWords)")
    }
    if let long = words.first(where: { $0.text.count > Self.longestWord }) {
      throw TranscriptError.malformed(
        path: path, line: nil, problem: "'\(long.text.prefix(20))…' is no word of a language")
    }
  }

  /// UTF-8, or UTF-16 with its mark, which Praat writes.
  private static func text(of path: String) throws -> String {
    let values = try? URL(fileURLWithPath: path).resourceValues(forKeys: [
      .isRegularFileKey, .fileSizeKey,
    ])
    guard let values else {
      throw TranscriptError.unreadable(path: path, reason: "there is no such file")
    }
    guard values.isRegularFile == true else {
      throw TranscriptError.unreadable(path: path, reason: "it is no file")
    }
    guard (values.fileSize ?? 0) <= mostBytes else {
      throw TranscriptError.unreadable(
        path: path, reason: "\(values.fileSize ?? 0) bytes are over the limit of \(mostBytes)")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw TranscriptError.unreadable(path: path, reason: error.localizedDescription)
    }
    let isWide = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
    guard let text = String(data: data, encoding: isWide ? .utf16 : .utf8), !text.contains("\0")
    else { throw TranscriptError.malformed(path: path, line: nil, problem: "it is not UTF-8 text") }
    let whole = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    return whole.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
  }
}

/// NIST's CTM: `file channel start duration word [confidence]`, seconds.
enum CTM {
  static func words(_ text: String, path: String) throws -> [TranscriptWord] {
    var found: [TranscriptWord] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.isEmpty || line.hasPrefix(";;") { continue }
      guard fields.count >= 5, let start = Double(fields[2]), let length = Double(fields[3]),
        let span = TimeSpan.checked(start, start + length)
      else {
        throw TranscriptError.malformed(
          path: path, line: index + 1,
          problem: "no line of a CTM file (file, channel, start, duration, word)")
      }
      found += TimeSpan.words(String(fields[4]), in: span)
    }
    return found
  }
}

/// Times in transcripts.
enum TimeSpan {
  /// The span, if its ends are times of a recording in their order.
  static func checked(_ start: Double, _ end: Double) -> ClosedRange<Double>? {
    guard start.isFinite, end.isFinite, start >= 0, start <= end, end < 1e7 else { return nil }
    return start...end
  }

  /// The words of a passage that is said in a span; `[notes]` in it are not said.
  static func words(_ text: String, in span: ClosedRange<Double>?) -> [TranscriptWord] {
    Transcript(text: text).words.filter { !$0.isMissing }
      .map { TranscriptWord($0.text, seconds: span) }
  }

  /// Seconds of `h:mm:ss,mmm`, `mm:ss.mmm`.
  static func clock(_ text: Substring) -> Double? {
    let parts = text.replacing(",", with: ".").split(
      separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count) else { return nil }
    var seconds = 0.0
    for part in parts {
      guard let value = Double(part), value >= 0, value < 1e6 else { return nil }
      seconds = seconds * 60 + value
    }
    return seconds
  }
}
