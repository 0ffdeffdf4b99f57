/// The sound events that can be added, dropped and replaced, and how a request names them.
///
/// The text model knows all of them as one class, "other" (or as noise); which is meant, words tell.
public enum SoundEvents {
  /// The events, as the sound model knows them.
  public static let names = words.map(\.event)

  private static let words: [(event: String, words: [String])] = [
    ("rain", ["rain", "rainfall", "raindrops", "raining", "downpour", "drizzle"]),
    ("thunder", ["thunder", "thunderclap", "thunderclaps", "thunderstorm", "lightning"]),
    ("wind", ["wind", "gusts"]),
    (
      "water",
      [
        "water", "stream", "river", "brook", "waterfall", "waves", "ocean", "sea", "surf", "splash",
        "splashes", "splashing",
      ]
    ),
    ("fire", ["fire", "campfire", "bonfire", "fireplace", "flames"]),
    (
      "birds",
      [
        "birds", "bird", "birdsong", "bird's", "chirping", "chirps", "tweeting", "seagulls",
        "seagull", "crow", "crows", "rooster", "owl", "chickens",
      ]
    ),
    ("dog", ["dog", "dogs", "dog's", "bark", "barks", "barking", "puppy", "woof"]),
    ("cat", ["cat", "cats", "cat's", "meow", "meows", "meowing", "kitten", "purring"]),
    ("cow", ["cow", "cows", "moo", "mooing", "cattle"]),
    ("sheep", ["sheep", "lamb", "lambs", "bleating"]),
    ("horse", ["horse", "horses", "hooves", "hoofbeats", "galloping", "neigh", "neighing"]),
    ("frog", ["frog", "frogs", "croaking"]),
    (
      "insects",
      [
        "insects", "insect", "bee", "bees", "cricket", "crickets", "cicadas", "mosquito",
        "mosquitoes", "flies",
      ]
    ),
    ("steps", ["steps", "footsteps", "footstep", "footfalls", "walking"]),
    ("door", ["door", "doors", "slam", "slamming"]),
    ("bell", ["bell", "bells", "doorbell", "chime", "chimes"]),
    ("clock", ["clock", "clocks", "ticking", "tick", "ticks"]),
    ("siren", ["siren", "sirens", "ambulance", "police"]),
    ("alarm", ["alarm", "alarms"]),
    ("phone", ["phone", "phones", "telephone", "ringtone", "ringing"]),
    ("horn", ["honk", "honks", "honking", "klaxon"]),
    (
      "engine",
      [
        "engine", "engines", "motor", "motors", "car", "cars", "traffic", "truck", "trucks",
        "motorcycle", "helicopter", "plane", "planes", "airplane", "tractor",
      ]
    ),
    ("crowd", ["crowd", "crowds", "chatter", "audience", "people", "cheering", "babble"]),
    ("applause", ["applause", "clapping", "applauding"]),
    ("scream", ["scream", "screams", "screaming", "shout", "shouting", "yelling"]),
    ("typing", ["typing", "keystrokes", "typewriter"]),
    ("beep", ["beep", "beeps", "beeping", "bleep", "bleeps"]),
    ("explosion", ["explosion", "explosions", "blast", "bomb", "boom", "fireworks"]),
    ("gun", ["gun", "guns", "gunshot", "gunshots", "gunfire", "shot", "shots", "shooting"]),
    ("glass", ["glass", "shattering"]),
    ("hammer", ["hammer", "hammers", "hammering"]),
  ]
  /// After these, an event is where something lies, not what is asked for.
  private static let places = [
    "behind", "under", "underneath", "beneath", "during", "while", "from",
  ]

  /// The events that a text names, in its order.
  static func named(in text: String) -> [String] {
    let words = tokens(of: text).compactMap(\.word)
    var found: [String] = []
    for (index, word) in words.enumerated() {
      if !found.isEmpty, places.contains(word) { break }
      guard let event = event(word) else { continue }
      // "a car alarm", "a police siren": the last word says which.
      let next = index + 1 < words.count ? self.event(words[index + 1]) : nil
      if !found.contains(event), next == nil || next == event { found.append(event) }
    }
    return found
  }

  private static let verbs: [(operation: RequestedOperation, words: [String])] = [
    (.add, ["add", "insert", "include"]),
    (.remove, ["remove", "drop", "delete", "mute", "cut", "silence", "erase", "eliminate"]),
    (.extract, ["extract", "isolate", "keep", "solo"]),
  ]
  /// What may stand beside an event without asking for anything else.
  private static let fillers = [
    "a", "an", "the", "some", "this", "that", "these", "those", "all", "please", "sound", "sounds",
    "noise", "noises", "effect", "of", "and", "in", "out", "background", "running", "breaking",
    "distant", "single",
  ]
  private static let levels = ["loud": "loud", "soft": "soft", "quiet": "soft", "faint": "soft"]

  /// A request that is a verb and events and nothing else, "drop the running water": as an instruction
  /// in general it may say something quite different, and the text model is not sure of it.
  static func plain(_ text: String) -> Reading? {
    let words = tokens(of: text).compactMap(\.word)
    guard let verb = words.first, words.contains(where: { event($0) != nil }),
      let operation = verbs.first(where: { $0.words.contains(verb) })?.operation,
      words.dropFirst().allSatisfy({
        event($0) != nil || fillers.contains($0) || levels[$0] != nil
      })
    else { return nil }
    return Reading(
      operation: operation, target: "other",
      attributes: Set(words.compactMap { levels[$0] }).sorted(), confidence: 1, isUnderstood: true)
  }

  /// Whether "wind" is no section of an orchestra.
  static func isWeather(_ text: String) -> Bool {
    let words = tokens(of: text).compactMap(\.word)
    return words.contains("wind")
      && !words.contains { ["instrument", "instruments", "section", "quintet"].contains($0) }
  }

  private static func event(_ word: String) -> String? {
    (words.first { $0.words.contains(word) }
      ?? words.first { $0.words.contains { $0.count > 5 && isNearly(word, $0) } })?.event
  }
}

/// What the sound model knows by name, rather than the music models.
public enum SoundParts {
  /// What is cleaned out of recordings, and events.
  public static let names =
    CleanUp.targets + SoundEvents.names.filter { !CleanUp.targets.contains($0) }

  /// The parts of a reading that is about a recording's sounds; nil when it is about instruments.
  static func named(_ reading: Reading, _ text: String) -> [String]? {
    guard let operation = reading.operation, let target = reading.target else { return nil }
    let isWind = target == "woodwind" && SoundEvents.isWeather(text)
    let events =
      isWind || ["other", "noise"].contains(target) ? SoundEvents.named(in: text) : []
    if let label = CleanUp.label(of: reading, text) {
      let parts = CleanUp.parts(in: text, label: label, operation: operation)
      return parts == ["noise"] && !events.isEmpty ? events : parts
    }
    return [.add, .remove, .extract].contains(operation) && !events.isEmpty ? events : nil
  }
}
