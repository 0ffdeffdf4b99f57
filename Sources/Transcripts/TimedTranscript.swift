import Foundation

/// A word with its place in the sound.
public struct TimedWord: Sendable, Equatable, Codable {
  public struct Phone: Sendable, Equatable, Codable {
    /// IPA, as libespeak-ng writes it.
    public let symbol: String
    public let start: Double
    public let end: Double

    public init(symbol: String, start: Double, end: Double) {
      (self.symbol, self.start, self.end) = (symbol, start, end)
    }
  }

  public let word: String
  /// Seconds.
  public let start: Double
  public let end: Double
  /// How well the sound fits the word, 0...1; nil where there was no sound to hear.
  public let confidence: Double?
  public let phones: [Phone]

  public init(word: String, start: Double, end: Double, confidence: Double?, phones: [Phone]) {
    (self.word, self.start, self.end) = (word, start, end)
    (self.confidence, self.phones) = (confidence, phones)
  }
}

/// The kinds of files that times are written as.
public enum TimedFormat: String, Sendable, CaseIterable {
  case textGrid = "textgrid"
  case srt, vtt, ctm, json

  /// The kind that a file's ending asks for.
  /// - Throws: ``TranscriptError/unknownFormat(path:)``
  public init(path: String) throws {
    guard let format = Self(rawValue: (path as NSString).pathExtension.lowercased()) else {
      throw TranscriptError.unknownFormat(path: path)
    }
    self = format
  }
}

/// Words in their order, each with its place in a sound of `seconds`.
public struct TimedTranscript: Sendable, Equatable, Codable {
  public let words: [TimedWord]
  /// Length of the sound.
  public let seconds: Double

  public init(words: [TimedWord], seconds: Double) {
    (self.words, self.seconds) = (words, seconds)
  }

  /// The file's text.
  /// - Parameter name: of the sound, which CTM wants.
  public func text(as format: TimedFormat, name: String) -> String {
    switch format {
    case .textGrid: textGrid
    case .srt: cues(separator: ",", numbered: true)
    case .vtt: "WEBVTT\n\n" + cues(separator: ".", numbered: false)
    case .ctm: ctm(name)
    case .json: json
    }
  }

  private var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Texts and finite numbers: encoding cannot fail.
    return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self) + "\n"
  }

  private func ctm(_ name: String) -> String {
    let file = name.split(whereSeparator: \.isWhitespace).joined(separator: "_")
    return words.map { word in
      let confidence = word.confidence.map { String(format: " %.2f", $0) } ?? ""
      return String(format: "%@ 1 %.3f %.3f ", file, word.start, word.end - word.start)
        + word.word + confidence + "\n"
    }.joined()
  }

  // MARK: Subtitles

  private static let longestCue = (characters: 80, seconds: 6.0, pause: 0.8)

  private func cues(separator: String, numbered: Bool) -> String {
    var cues: [[TimedWord]] = []
    for word in words {
      if let cue = cues.last, let first = cue.first, let last = cue.last,
        !TranscriptWord(last.word).endsSentence,
        cue.reduce(word.word.count, { $0 + $1.word.count + 1 }) <= Self.longestCue.characters,
        word.end - first.start <= Self.longestCue.seconds,
        word.start - last.end <= Self.longestCue.pause
      {
        cues[cues.count - 1].append(word)
      } else {
        cues.append([word])
      }
    }
    return cues.enumerated().map { index, cue in
      let (start, end) = (clock(cue[0].start, separator), clock(cue[cue.count - 1].end, separator))
      return (numbered ? "\(index + 1)\n" : "") + "\(start) --> \(end)\n"
        + cue.map(\.word).joined(separator: " ") + "\n"
    }.joined(separator: "\n")
  }

  private func clock(_ seconds: Double, _ separator: String) -> String {
    let milliseconds = Int((seconds * 1000).rounded())
    return String(
      format: "%02d:%02d:%02d%@%03d", milliseconds / 3_600_000, milliseconds / 60_000 % 60,
      milliseconds / 1000 % 60, separator, milliseconds % 1000)
  }

  // MARK: TextGrid

  private var textGrid: String {
    let tiers = [
      ("words", words.map { ($0.word, $0.start, $0.end) }),
      ("phones", words.flatMap { $0.phones.map { ($0.symbol, $0.start, $0.end) } }),
    ]
    var text = """
      File type = "ooTextFile"
      Object class = "TextGrid"

      xmin = 0
      xmax = \(seconds)
      tiers? <exists>
      size = \(tiers.count)
      item []:

      """
    for (index, (name, labels)) in tiers.enumerated() {
      let intervals = gapless(labels)
      text += """
            item [\(index + 1)]:
                class = "IntervalTier"
                name = "\(name)"
                xmin = 0
                xmax = \(seconds)
                intervals: size = \(intervals.count)

        """
      for (number, (label, start, end)) in intervals.enumerated() {
        text += """
                  intervals [\(number + 1)]:
                      xmin = \(start)
                      xmax = \(end)
                      text = "\(label.replacing("\"", with: "\"\""))"

          """
      }
    }
    return text
  }

  /// The same with empty intervals between, so that all time is covered.
  private func gapless(_ labels: [(String, Double, Double)]) -> [(String, Double, Double)] {
    var (covered, at) = ([(String, Double, Double)](), 0.0)
    for (label, start, end) in labels where end > start {
      if start > at { covered.append(("", at, start)) }
      covered.append((label, max(start, at), end))
      at = end
    }
    if at < seconds { covered.append(("", at, seconds)) }
    return covered
  }
}
