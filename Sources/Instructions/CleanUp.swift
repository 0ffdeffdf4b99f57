/// What can be cleaned out of a recording, and how a request names it.
///
/// The text model knows four classes here (speech, music, noise, reverb), and is sure of them in most
/// wordings; which kind of noise is meant, and what stands only for the place ("the music under the
/// voice"), is told by words.
public enum CleanUp {
  /// The parts, as the clean-up model knows them.
  public static let targets = [
    "voice", "music", "noise", "hum", "hiss", "wind", "clicks", "reverb",
  ]
  /// Labels of the text model that are such parts.
  static let labels = ["speech", "music", "noise", "reverb"]

  private static let kinds = ["hum", "hiss", "wind", "clicks"]
  private static let names: [(part: String, words: [String])] = [
    (
      "voice",
      [
        "voice", "voices", "speech", "speaker", "speakers", "narrator", "narration", "talking",
        "talker", "dialogue", "dialog", "host",
      ]
    ),
    ("music", ["music", "soundtrack"]),
    ("noise", ["noise", "noises", "static", "rumble", "denoise"]),
    ("hum", ["hum", "humming", "buzz", "buzzing", "dehum"]),
    ("hiss", ["hiss", "hissing", "dehiss"]),
    ("wind", ["wind", "gusts"]),
    (
      "clicks",
      [
        "click", "clicks", "clicking", "crackle", "crackles", "crackling", "pop", "pops", "popping",
        "scratches", "ticks", "declick",
      ]
    ),
    ("reverb", ["reverb", "reverberation", "echo", "echoes", "echos", "dereverb"]),
  ]
  /// After these, a part is where something lies, not what is asked for.
  private static let places = [
    "under", "underneath", "behind", "beneath", "below", "from", "over", "on", "in", "of", "around",
    "without", "for", "so", "to", "while", "during",
  ]
  private static let exceptions = ["except", "but", "besides"]
  private static let joints = ["and", "or", "plus"]
  private static let singing = [
    "singing", "singer", "singer's", "sung", "sings", "vocal", "vocals",
  ]

  /// The class of the text model that a reading is of, if it can be cleaned: "the voice" of no singer
  /// is speech.
  static func label(of reading: Reading, _ text: String) -> String? {
    guard [.remove, .extract].contains(reading.operation), let target = reading.target else {
      return nil
    }
    if labels.contains(target) { return target }
    let words = tokens(of: text).compactMap(\.word)
    return target == "vocals" && words.contains { part($0) == "voice" }
      && !words.contains(where: singing.contains) ? "speech" : nil
  }

  /// The parts that a request of class `label` names, at least one.
  static func parts(in text: String, label: String, operation: RequestedOperation) -> [String] {
    var words = tokens(of: text).compactMap(\.word)
    var wanted = compatible(label)
    // "nothing but the voice": what is kept stands behind.
    if operation == .extract, let place = words.lastIndex(where: exceptions.contains),
      words[place...].contains(where: { part($0) != nil })
    {
      words = Array(words[(place + 1)...])
      wanted = targets
    }
    var found: [String] = []
    var isJoined = false
    for (index, word) in words.enumerated() {
      if joints.contains(word) { isJoined = true }
      if !found.isEmpty, places.contains(word) { break }
      guard let part = part(word), isJoined && !found.isEmpty || wanted.contains(part) else {
        continue
      }
      // "wind noise" is wind.
      let before = index > 0 ? Self.part(words[index - 1]) : nil
      if part == "noise", before.map(kinds.contains) ?? false { continue }
      if !found.contains(part) { found.append(part) }
    }
    return found.isEmpty ? [label == "speech" ? "voice" : label] : found
  }

  /// Whether the words ask for a clean recording without saying of what: "clean up the audio".
  static func isGeneral(_ text: String) -> Bool {
    let words = tokens(of: text).compactMap(\.word)
    let verbs = ["clean", "cleanup"]
    let things = [
      "audio", "recording", "sound", "voice", "speech", "podcast", "interview", "dialogue", "file",
    ]
    let others = ["up", "the", "this", "my", "our", "please", "a", "bit", "can", "you", "could"]
    return words.contains(where: verbs.contains) && words.contains(where: things.contains)
      && words.allSatisfy { (verbs + things + others).contains($0) }
  }

  private static func compatible(_ label: String) -> [String] {
    switch label {
    case "speech": ["voice"]
    case "music": ["music"]
    case "reverb": ["reverb"] + kinds
    default: ["noise"] + kinds
    }
  }

  private static func part(_ word: String) -> String? {
    (names.first { $0.words.contains(word) }
      ?? names.first { $0.words.contains { isNearly(word, $0) } })?.part
  }
}
