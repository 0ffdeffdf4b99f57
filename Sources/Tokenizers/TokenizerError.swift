/// Why a tokenizer file was refused, in one line.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  /// The bytes are not what the format asks for.
  case malformed(file: String, problem: String)
  /// A sound file with a part that this program does not carry out.
  case unsupported(file: String, feature: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .malformed(let file, let problem):
      "\(file) is damaged or no tokenizer: \(problem); fetch or export it again"
    case .unsupported(let file, let feature):
      "\(file) needs \(feature), which is not supported; use a SentencePiece unigram tokenizer"
    }
  }
}
