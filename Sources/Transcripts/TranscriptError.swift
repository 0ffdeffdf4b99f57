/// What can be wrong with a transcript: one line that says what, where and what to do.
public enum TranscriptError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// A text that is not what its format asks for.
  case malformed(path: String, line: Int?, problem: String)
  case noWords(path: String)
  /// libespeak-ng gives no phonemes.
  case noPhonemes(reason: String)
  /// An ending that no writer knows.
  case unknownFormat(path: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .malformed(let path, let line, let problem):
      "\(path)\(line.map { ":\($0)" } ?? ""): \(problem); "
        + "transcripts are plain text, JSON, SRT, WebVTT, CTM or TextGrid"
    case .noWords(let path): "\(path): holds no words"
    case .noPhonemes(let reason): "no phonemes for the transcript: \(reason)"
    case .unknownFormat(let path):
      "\(path): unknown kind of transcript; use .TextGrid, .srt, .vtt, .ctm or .json"
    }
  }
}
