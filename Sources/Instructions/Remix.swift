/// What a remix is played by: the instruments that are named, or those of a style.
enum Remix {
  /// By the text model's names of styles.
  private static let styles: KeyValuePairs = [
    "rock": ["drums", "bass", "electric guitar"],
    "metal": ["drums", "bass", "electric guitar"],
    "pop": ["drums", "bass", "piano", "synth"],
    "jazz": ["drums", "bass", "piano", "brass"],
    "blues": ["drums", "bass", "electric guitar", "organ"],
    "funk": ["drums", "bass", "electric guitar", "brass"],
    "classical": ["strings", "woodwind", "brass"],
    "folk": ["acoustic guitar", "bass", "woodwind"],
    "country": ["drums", "bass", "acoustic guitar"],
    "electronic": ["drums", "bass", "synth"],
    "reggae": ["drums", "bass", "electric guitar", "organ"],
    "latin": ["drums", "bass", "acoustic guitar", "brass"],
    "hiphop": ["drums", "bass", "piano"],
    "ambient": ["synth", "strings"],
  ]

  /// - Parameter readings: of the request, or of the items of a list in it.
  /// - Throws: ``InstructionError`` when neither instruments nor a style are named.
  static func step(of readings: [Reading], _ text: String) throws -> PlanStep {
    var parts: [String] = []
    for part in readings.flatMap({ [$0.target, $0.second] }).compactMap(\.self)
    where !parts.contains(part) && MusicParts.isPlayed(part) {
      parts.append(part)
    }
    let attributes = readings[0].attributes
    if parts.isEmpty {
      parts = styles.first { attributes.contains($0.key) }?.value ?? []
    }
    guard let first = parts.first else {
      throw InstructionError.notSupported(
        part: text, what: "a remix by nobody in particular",
        nearest: ["remix to rock", "remix with drums, guitar and bass"])
    }
    return PlanStep(
      operation: .remix, target: first, also: Array(parts.dropFirst()), attributes: attributes,
      confidence: readings.map(\.confidence).min() ?? 0, text: text)
  }
}

/// What is known of the text model's names of musical parts.
public enum MusicParts {
  /// The singers, whom a remix keeps.
  public static let voice = "vocals"

  /// Whether it is a part of the band: an instrument, or several of a kind, or a choir.
  static func isPlayed(_ part: String) -> Bool {
    !Planner.otherTargets.contains(part) && !SoundParts.names.contains(part) && part != voice
  }

  /// Whether it plays notes of a pitch, which another instrument could play, too.
  static func isPitched(_ part: String) -> Bool {
    isPlayed(part) && !["drums", "percussion"].contains(part)
  }
}
