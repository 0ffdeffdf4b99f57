/// Why an instruction is not carried out, in one line that says what would be.
public enum InstructionError: Error, Equatable, Sendable {
  case empty
  case tooLong(characters: Int, limit: Int)
  /// The named stretch of time makes no sense.
  case region(String)
  /// Nothing that we do was recognised in this part of the instruction.
  case notUnderstood(part: String, nearest: [String])
  /// Recognised, but not among the things that can be done.
  case notSupported(part: String, what: String, nearest: [String])
}

extension InstructionError: CustomStringConvertible {
  /// What the program does, for messages.
  public static let possible =
    "add, remove or extract an instrument, like 'add a guitar', 'remove the drums', 'only the piano'; "
    + "'replace the piano with strings', 'remix to rock'; "
    + "clean a recording, like 'remove the background noise', 'isolate the voice'; "
    + "add, drop or replace a sound, like 'add birds', 'drop the dog'; "
    + "'restore the highs'; 'fill the gap from 0:12 to 0:12.8'"

  public var description: String {
    switch self {
    case .empty:
      return "the instruction is empty; possible: \(Self.possible)"
    case .tooLong(let characters, let limit):
      return "the instruction has \(characters) characters, at most \(limit) are read"
    case .region(let problem):
      return problem
    case .notUnderstood(let part, let nearest):
      return "not understood: '\(part)'" + Self.hint(nearest)
    case .notSupported(let part, let what, let nearest):
      return "'\(part)' asks for \(what), which is not possible" + Self.hint(nearest)
    }
  }

  private static func hint(_ nearest: [String]) -> String {
    guard !nearest.isEmpty else { return "; possible: \(possible)" }
    let list = nearest.map { "'\($0)'" }.joined(separator: " or ")
    return "; did you mean \(list)? possible: \(possible)"
  }
}
