/// An instruction cut at its punctuation and conjunctions, with the stretches of time taken out.
///
/// The pieces are candidates only: ``Planner`` decides which of them belong together.
package struct CutInstruction {
  /// What stands before a piece.
  package enum Separator: Comparable {
    /// A comma, "and", "but", "plus": often inside of one request.
    case weak
    /// A full stop, a semicolon, "then".
    case strong
  }

  package struct Clause {
    let tokens: Range<Int>
    package let separator: Separator
    /// The words without regions and outer punctuation; never empty.
    package let text: String
    package fileprivate(set) var regions: [TimeRegion]
  }

  package private(set) var clauses: [Clause] = []
  /// Regions that stand before all else and hold for every clause without its own.
  package private(set) var leadingRegions: [TimeRegion] = []
  /// Phrases that name a part of the song that has no times, such as "in the chorus".
  package private(set) var vague: [String] = []

  private let source: String
  private let tokens: [Token]
  private let matches: [RegionGrammar.Match]

  /// - Throws: ``InstructionError/region(_:)``
  package init(_ text: String) throws {
    source = text
    tokens = Instructions.tokens(of: text)
    matches = try RegionGrammar(tokens).matches()
    var start = 0
    var separator = Separator.weak
    var index = 0
    while index < tokens.count {
      if let match = matches.first(where: { $0.place.lowerBound == index }) {
        index = match.place.upperBound
      } else if let found = self.separator(at: index) {
        if add(start..<index, separator) { separator = .weak }
        separator = max(separator, found)
        start = index + 1
        index += 1
      } else {
        index += 1
      }
    }
    _ = add(start..<tokens.count, separator)
    vague = VagueTimes.phrases(in: tokens, outside: matches.map(\.place)).map {
      words(in: $0, skipping: [])
    }
  }

  /// The clauses `range` as one, with what stands between them.
  package func joined(_ range: ClosedRange<Int>) -> Clause {
    let parts = clauses[range]
    guard let first = parts.first, let last = parts.last, parts.count > 1 else {
      return clauses[range.lowerBound]
    }
    let place = first.tokens.lowerBound..<last.tokens.upperBound
    return Clause(
      tokens: place, separator: first.separator,
      text: words(in: place, skipping: matches.map(\.place)),
      regions: parts.flatMap(\.regions))
  }

  /// Whether a clause reads like a request of its own, and whether that has an object of its own
  /// ("toss the drums", not "toss them").
  package func command(_ index: Int) -> Commands.Reading {
    let place = clauses[index].tokens
    return Commands.read(tokens[place].compactMap(\.word))
  }

  /// Whether a clause can name a further part: no request, no "nothing else".
  package func isListItem(_ index: Int) -> Bool {
    let words = tokens[clauses[index].tokens].compactMap(\.word)
    return Commands.read(words) == .none && !Commands.refersBack(words)
  }

  /// Adds a clause; one of nothing but regions gives them to its neighbour. False if it was empty.
  private mutating func add(_ place: Range<Int>, _ separator: Separator) -> Bool {
    let inside = matches.filter { place.contains($0.place.lowerBound) }
    // A region in front of the first request holds for all that follow.
    let isFirst = clauses.isEmpty
    let named = inside.filter { !$0.region.isWhole }
    let leading = named.filter { isFirst && $0.place.lowerBound == 0 }
    leadingRegions += leading.map(\.region)
    let regions = named.filter { !leading.contains($0) }.map(\.region)
    let text = words(in: place, skipping: inside.map(\.place))
    if !text.isEmpty {
      clauses.append(Clause(tokens: place, separator: separator, text: text, regions: regions))
    } else if clauses.isEmpty {
      leadingRegions += regions
    } else {
      clauses[clauses.count - 1].regions += regions
    }
    return !text.isEmpty
  }

  private func separator(at index: Int) -> Separator? {
    switch tokens[index].kind {
    case .mark(let mark):
      if ";.!?\n…".contains(mark) { return .strong }
      return ",&+".contains(mark) && index > 0 ? .weak : nil
    case .word("then"): return .strong
    case .word("and"), .word("but"), .word("plus"): return index > 0 ? .weak : nil
    default: return nil
    }
  }

  /// The source's words in a range of tokens, without the skipped ranges and outer punctuation.
  private func words(in place: Range<Int>, skipping skipped: [Range<Int>]) -> String {
    var pieces: [Range<String.Index>] = []
    for index in place where !skipped.contains(where: { $0.contains(index) }) {
      let range = tokens[index].range
      if let last = pieces.last, index > place.lowerBound,
        !skipped.contains(where: { $0.contains(index - 1) })
      {
        pieces[pieces.count - 1] = last.lowerBound..<range.upperBound
      } else {
        pieces.append(range)
      }
    }
    let outer = ",;.!?:-–— \t\n\r"
    return pieces.map { source[$0] }
      .map { piece in
        let inner = piece.drop { outer.contains($0) }
        return String(
          inner.prefix(inner.count - inner.reversed().prefix { outer.contains($0) }.count))
      }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }
}

/// Names of parts of a song that have no times in the file.
enum VagueTimes {
  private static let parts = [
    "verse", "verses", "chorus", "choruses", "bridge", "intro", "outro", "refrain", "introduction",
    "interlude", "coda", "breakdown", "bars", "measures",
  ]
  private static let places = ["end", "ending", "beginning", "start", "middle", "opening"]
  private static let prepositions = [
    "in", "during", "over", "under", "behind", "at", "for", "to", "through", "throughout", "on",
    "until", "before", "after", "from", "into",
  ]

  static func phrases(in tokens: [Token], outside regions: [Range<Int>]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for index in tokens.indices where !regions.contains(where: { $0.contains(index) }) {
      guard let word = tokens[index].word else { continue }
      let isPart = parts.contains(word)
      guard isPart || places.contains(word) else { continue }
      // The preposition stands at most three words before: "in the final chorus".
      let first = max(0, index - 3)
      guard
        let start = (first..<index).last(where: { prepositions.contains(tokens[$0].word ?? "") }),
        isPart || index - start <= 2
      else { continue }
      found.append(start..<index + 1)
    }
    return found
  }
}
