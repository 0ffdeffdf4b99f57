/// How the stems that music models know by name contain each other.
package enum SongParts {
  /// The narrowest stem that each of these is a part of.
  private static let whole = [
    "acoustic guitar": "guitar", "electric guitar": "guitar", "distorted guitar": "electric guitar",
    "synth lead": "synth", "synth pad": "synth",
  ]

  /// All stems that contain a part, the narrowest first.
  static func wholes(of part: String) -> [String] {
    Array(sequence(first: part) { whole[$0] }.dropFirst())
  }

  /// The stems that a song is made of, of those that the models know: none contains another.
  package static func all(of targets: [String]) -> [String] {
    let undivided = targets.filter { !isDivided($0, into: targets) }
    return undivided.filter { wholes(of: $0).allSatisfy { !undivided.contains($0) } }
  }

  /// Those that have nothing in common with the stems that are asked for.
  package static func others(than asked: [String], of targets: [String]) -> [String] {
    all(of: targets).filter { part in
      !asked.contains {
        $0 == part || wholes(of: $0).contains(part) || wholes(of: part).contains($0)
      }
    }
  }

  /// Whether a stem is nothing but known parts. With only one part (what is distorted of an electric
  /// guitar) there is a rest that has no name.
  private static func isDivided(_ target: String, into targets: [String]) -> Bool {
    let parts = whole.filter { $0.value == target }.keys
    return parts.count > 1 && parts.allSatisfy(targets.contains)
  }
}
