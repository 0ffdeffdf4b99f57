/// Tells a new request from the rest of a list. It only says where a sentence may be cut; what a
/// piece asks for is read by the text model.
package enum Commands {
  package enum Reading {
    /// A list item, an explanation, a polite word.
    case none
    /// A request about something named before: "toss it out", "mute everything else".
    case dependent
    /// A request with an object of its own: "toss the drums".
    case independent
  }

  private static let verbs = [
    "add", "adjust", "amplify", "append", "apply", "boost", "bring", "build", "bury", "call",
    "cancel", "change", "chuck", "clean", "clear", "convert", "create", "cut", "delete", "discard",
    "ditch", "drop", "dump", "edit", "eliminate", "erase", "exchange", "export", "extract", "fade",
    "fill", "filter", "fix", "generate", "get", "give", "have", "hear", "include", "increase",
    "insert", "introduce", "isolate", "keep", "kill", "layer", "lay", "leave", "lift", "load",
    "loop",
    "lose", "lower", "make", "mix", "move", "mute", "normalize", "overdub", "pan", "pitch", "place",
    "play", "pull", "put", "raise", "record", "reduce", "remix", "remove", "rename", "repeat",
    "replace", "restore", "reverse", "save", "scrap", "separate", "shift", "shorten", "silence",
    "slow", "solo", "speed", "split", "start", "stop", "strip", "substitute", "swap", "switch",
    "take",
    "throw", "toss", "transform", "transpose", "trim", "turn", "use", "wipe", "write",
  ]
  private static let openers = [
    "i", "i'd", "i'll", "i'm", "we", "we'd", "let", "let's", "lets", "can", "could", "would",
    "will",
    "you", "there",
  ]
  private static let adverbs = [
    "also", "please", "now", "finally", "afterwards", "next", "instead", "again", "too", "kindly",
    "pls", "then", "and", "maybe", "just", "ok", "okay",
  ]
  private static let determiners = [
    "the", "a", "an", "some", "any", "my", "those", "these", "that", "this", "all", "its", "their",
    "every", "each", "another", "more",
  ]
  /// Words that a determiner follows without any request.
  private static let notVerbs = [
    "in", "on", "of", "with", "from", "under", "over", "at", "for", "to", "into", "by", "behind",
    "not", "no", "only", "just", "both", "but", "except", "without", "like", "as", "is", "are",
    "was",
    "all", "half", "also", "so", "because", "since", "until", "while", "if", "when", "onto", "than",
    "nothing", "everything", "nary", "such",
  ]
  private static let references = [
    "it", "them", "that", "this", "one", "rest", "others", "other", "else", "everything",
    "everyone",
    "everybody", "anything", "nothing", "same", "song", "track",
  ]

  package static func read(_ words: [String]) -> Reading {
    let words = words.drop { adverbs.contains($0) }
    guard let first = words.first else { return .none }
    let second = words.dropFirst().first ?? ""
    let isCommand =
      verbs.contains { isNearly(first, $0) } || openers.contains(first)
      || (determiners.contains(second) && !notVerbs.contains(first) && !determiners.contains(first))
    guard isCommand else { return .none }
    if words.contains(where: { references.contains($0) }) && !hasObject(words) { return .dependent }
    return words.count > 1 ? .independent : .dependent
  }

  /// Whether the words speak of what was named before, or of all the rest.
  package static func refersBack(_ words: [String]) -> Bool {
    words.contains { references.contains($0) }
  }

  /// Whether some determiner is followed by a word that is no reference to something before.
  private static func hasObject(_ words: ArraySlice<String>) -> Bool {
    if words.contains(where: { ["rest", "others", "else", "everything", "other"].contains($0) }) {
      return false
    }
    return zip(words, words.dropFirst()).contains { determiner, noun in
      determiners.contains(determiner) && !references.contains(noun) && !notVerbs.contains(noun)
        && !determiners.contains(noun)
    }
  }
}
