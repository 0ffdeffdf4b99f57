/// A triad that the music model can be told to play, or none.
public enum Chord: Sendable, Hashable {
  case none
  /// The root in semitones over C, 0...11.
  case major(Int)
  case minor(Int)

  /// All, in the order of the harmony head's classes.
  public static let all: [Chord] =
    [.none] + (0..<12).map { .major($0) } + (0..<12).map { .minor($0) }

  private static let names = [
    "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
  ]

  /// As musicians write it: "F#m"; "N" for none.
  public var name: String {
    switch self {
    case .none: "N"
    case .major(let root): Self.names[root]
    case .minor(let root): Self.names[root] + "m"
    }
  }

  private static let steps: [Character: Int] = [
    "C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11,
  ]
  /// What may follow the root: of more than three notes the triad counts.
  private static let majors: Set<Substring> = ["", "maj", "M", "6", "7", "9", "add9", "maj7", "M7"]
  private static let minors: Set<Substring> = ["m", "min", "-", "m6", "m7", "m9", "min7", "-7"]

  /// Reads a name such as "Bb", "f#m7" or "N"; nil for anything else.
  public init?(_ name: some StringProtocol) {
    let name = Substring(name)
    guard let letter = name.first else { return nil }
    if ["N", "NC", "N.C."].contains(name) {
      self = .none
      return
    }
    guard let step = Self.steps[Character(letter.uppercased())] else { return nil }
    var (root, rest) = (step, name.dropFirst())
    switch rest.first {
    case "#", "♯": (root, rest) = (root + 1, rest.dropFirst())
    case "b", "♭": (root, rest) = (root + 11, rest.dropFirst())
    default: break
    }
    if Self.majors.contains(rest) {
      self = .major(root % 12)
    } else if Self.minors.contains(rest) {
      self = .minor(root % 12)
    } else {
      return nil
    }
  }

  /// Reads a line of chords, one for each bar, with spaces, commas or bar lines between them.
  /// - Throws: ``ChordError``
  public static func line(_ text: String) throws -> [Chord] {
    let names = text.split { $0.isWhitespace || $0 == "," || $0 == "|" }
    guard !names.isEmpty, names.count <= longestLine else { throw ChordError(text: text) }
    return try names.map {
      guard let chord = Chord($0) else { throw ChordError(text: String($0)) }
      return chord
    }
  }

  public static let longestLine = 1000
}

/// A text that names no chord, or a line of none or too many.
public struct ChordError: Error, Equatable {
  public let text: String
}
