import Foundation

/// What can go wrong with an edit, beside what files and weights can: one line that says what,
/// where and what to do.
public enum EditError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The output names the input file.
  case outputIsInput(path: String)
  /// A file that would be written exists.
  case exists(path: String)
  /// Working space on disk could not be taken or used.
  case scratch(folder: String, code: Int32)
  /// A region that does not lie in the song, or is no region.
  case region(text: String, reason: String)
  /// A number out of its range.
  case option(name: String, value: String, allowed: String)
  /// The plan asks for something that the installed models cannot do.
  case unsupported(what: String, hint: String)
  /// A transcript that is not what is said in the sound.
  case transcript(reason: String)
  /// A file beside the output could not be written.
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .outputIsInput(let path):
      return "\(path): the output would replace the input; give another name with -o"
    case .exists(let path):
      return "\(path): exists already; use another name with -o or allow overwriting with --force"
    case .scratch(let folder, let code):
      return "\(folder): no working space on disk (\(String(cString: strerror(code)))); "
        + "free some or write elsewhere with -o"
    case .region(let text, let reason):
      return "region \(text): \(reason)"
    case .option(let name, let value, let allowed):
      return "\(name) \(value): must be \(allowed)"
    case .unsupported(let what, let hint):
      return "\(what); \(hint)"
    case .transcript(let reason):
      return "the transcript does not match the sound: \(reason)"
    case .cannotWrite(let path, let reason):
      return "\(path): cannot write (\(reason))"
    }
  }
}

extension EditError {
  /// Whether the request is at fault rather than the files or the machine.
  public var isUsage: Bool {
    switch self {
    case .outputIsInput, .exists, .region, .option, .unsupported, .transcript: true
    case .scratch, .cannotWrite: false
    }
  }

  /// The system's errno, where it is what failed.
  public var systemCode: Int32? {
    if case .scratch(_, let code) = self { code } else { nil }
  }
}
