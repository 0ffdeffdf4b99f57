import FoundationEssentials

/// One step of a `tokenizer.json`'s normalisation.
enum TextStep: Sendable {
  case charsmap(Charsmap)
  case replace(TokenizerJSON.Pattern, with: [UInt8])
  case strip(left: Bool, right: Bool)

  static func steps(_ spec: TokenizerJSON.NormalizerSpec?, name: String) throws -> [TextStep] {
    switch spec {
    case nil: return []
    case .sequence(let specs): return try specs.flatMap { try steps($0, name: name) }
    case .replace(let pattern, let content): return [.replace(pattern, with: Array(content.utf8))]
    case .strip(let left, let right): return [.strip(left: left, right: right)]
    case .precompiled(let base64):
      guard let blob = Data(base64Encoded: base64) else {
        throw TokenizerError.malformed(file: name, problem: "its charsmap is no base64")
      }
      return [.charsmap(try Charsmap(Array(blob)[...], name: name))]
    }
  }

  /// A text, and whether its first character still is, or stands for, the first of the input.
  struct Result {
    var bytes: [UInt8]
    var keepsStart = true
  }

  static func apply(_ steps: [TextStep], to text: [UInt8]) -> Result {
    steps.reduce(Result(bytes: text)) { before, step in
      let after = step.apply(to: before.bytes)
      return Result(bytes: after.bytes, keepsStart: before.keepsStart && after.keepsStart)
    }
  }

  private func apply(to text: [UInt8]) -> Result {
    switch self {
    case .charsmap(let map): Self.mapped(text, by: map)
    case .replace(let pattern, let content): Self.replaced(text, pattern, content)
    case .strip(let left, let right): Self.stripped(text, left: left, right: right)
    }
  }

  /// Looks up whole grapheme clusters of less than six bytes, then single characters; a hit on the
  /// beginning replaces the whole, as the library has it.
  private static func mapped(_ text: [UInt8], by map: Charsmap) -> Result {
    var out = Writer(capacity: text.count)
    var start = 0
    for cluster in String(decoding: text, as: UTF8.self) {
      let end = start + cluster.utf8.count
      defer { start = end }
      if end - start < 6, let match = map.shortestMatch(text[start..<end]) {
        out.append(map.replacements[match.replacement])
        continue
      }
      var position = start
      for scalar in cluster.unicodeScalars {
        let next = position + UTF8.width(scalar)
        if let match = map.shortestMatch(text[position..<next]) {
          out.append(map.replacements[match.replacement])
        } else {
          out.append(text[position..<next])
        }
        position = next
      }
    }
    return out.result
  }

  /// Collects what each unit of a text becomes, and notes when the first one vanishes.
  private struct Writer {
    private(set) var result = Result(bytes: [])
    private var isFirst = true

    init(capacity: Int) { result.bytes.reserveCapacity(capacity) }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
      if isFirst { result.keepsStart = !bytes.isEmpty }
      isFirst = false
      result.bytes += bytes
    }
  }

  private static func replaced(
    _ text: [UInt8], _ pattern: TokenizerJSON.Pattern, _ content: [UInt8]
  ) -> Result {
    var out = Writer(capacity: text.count)
    var position = 0
    /// Bytes at `position` that the pattern matches.
    func matched() -> Int {
      switch pattern {
      case .literal(let literal):
        return text[position...].starts(with: literal.utf8) ? literal.utf8.count : 0
      case .leading(let literal):
        return position == 0 && text.starts(with: literal.utf8) ? literal.utf8.count : 0
      case .spaceRuns:
        let run = spaces(in: text, from: position)
        return run >= 2 ? run : 0
      case .outerSpaces:
        let run = spaces(in: text, from: position)
        return position == 0 || position + run == text.count ? run : 0
      }
    }
    while position < text.count {
      let count = matched()
      if count > 0 {
        out.append(content[...])
        position += count
      } else {
        // A run of spaces inside the text is passed whole, which keeps the search linear.
        var next = position + 1
        if case .outerSpaces = pattern {
          next = max(next, position + spaces(in: text, from: position))
        }
        out.append(text[position..<next])
        position = next
      }
    }
    return out.result
  }

  private static func spaces(in text: [UInt8], from start: Int) -> Int {
    text[start...].prefix { $0 == 0x20 }.count
  }

  private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> Result {
    var rest = text[...]
    if left {
      while let scalar = firstScalar(rest), scalar.properties.isWhitespace {
        rest = rest.dropFirst(UTF8.width(scalar))
      }
    }
    if right {
      while let scalar = lastScalar(rest), scalar.properties.isWhitespace {
        rest = rest.dropLast(UTF8.width(scalar))
      }
    }
    return Result(bytes: Array(rest), keepsStart: rest.startIndex == 0)
  }
}

/// Cuts a text into the words that the model sees one by one.
enum PreTokens {
  /// - Parameter isFirst: whether the text stands at the very start of the input.
  static func cut(
    _ text: [UInt8], isFirst: Bool, by spec: TokenizerJSON.PreTokenizerSpec?
  ) -> [[UInt8]] {
    cut([Word(bytes: text, isFirst: isFirst)], by: spec).map(\.bytes).filter { !$0.isEmpty }
  }

  private struct Word {
    var bytes: [UInt8]
    var isFirst: Bool
  }

  private static func cut(_ words: [Word], by spec: TokenizerJSON.PreTokenizerSpec?) -> [Word] {
    switch spec {
    case nil: words
    case .sequence(let specs): specs.reduce(words) { cut($0, by: $1) }
    case .whitespaceSplit: words.flatMap(splitAtWhitespace)
    case .byteLevel(let addsPrefix):
      words.filter { !$0.bytes.isEmpty }.flatMap { word -> [Word] in
        let bytes = addsPrefix && word.bytes[0] != 0x20 ? [0x20] + word.bytes : word.bytes
        return ByteLevel.words(bytes).map { Word(bytes: $0, isFirst: false) }
      }
    case .metaspace(let replacement, let prepend, let splits):
      words.filter { !$0.bytes.isEmpty }.flatMap { word -> [Word] in
        let symbol = Array(replacement.utf8)
        var bytes = word.bytes.flatMap { $0 == 0x20 ? symbol : [$0] }
        if prepend == .always || prepend == .first && word.isFirst, !bytes.starts(with: symbol) {
          bytes = symbol + bytes
        }
        let whole = Word(bytes: bytes, isFirst: word.isFirst)
        return splits ? splitBefore(symbol, whole) : [whole]
      }
    }
  }

  private static func splitAtWhitespace(_ word: Word) -> [Word] {
    var words: [Word] = []
    var current: [UInt8] = []
    var start = 0
    var position = 0
    for scalar in String(decoding: word.bytes, as: UTF8.self).unicodeScalars {
      let next = position + UTF8.width(scalar)
      if scalar.properties.isWhitespace {
        if !current.isEmpty {
          words.append(Word(bytes: current, isFirst: word.isFirst && start == 0))
        }
        current = []
        start = next
      } else {
        current += word.bytes[position..<next]
      }
      position = next
    }
    if !current.isEmpty { words.append(Word(bytes: current, isFirst: word.isFirst && start == 0)) }
    return words
  }

  private static func splitBefore(_ symbol: [UInt8], _ word: Word) -> [Word] {
    var words: [Word] = []
    var start = 0
    var position = 0
    while position < word.bytes.count {
      if position > start, word.bytes[position...].starts(with: symbol) {
        words.append(Word(bytes: Array(word.bytes[start..<position]), isFirst: false))
        start = position
      }
      position += 1
    }
    words.append(Word(bytes: Array(word.bytes[start...]), isFirst: false))
    return words
  }
}
