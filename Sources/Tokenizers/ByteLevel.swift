/// How GPT-2 and RoBERTa cut a text into words, and write their bytes.
///
/// Source: `pre_tokenizers/byte_level.rs` of huggingface/tokenizers v0.23; the expression and the
/// letters are those of openai/gpt-2 `encoder.py`.
enum ByteLevel {
  /// The visible character that stands for each byte in a vocabulary: printable ASCII and Latin-1
  /// for themselves, the others moved behind U+00FF.
  static let letters: [Character] = {
    var moved: UInt32 = 0
    return (UInt8.min...UInt8.max).map { byte in
      let isVisible = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
      if isVisible { return Character(Unicode.Scalar(byte)) }
      defer { moved += 1 }
      return Unicode.Scalar(0x100 + moved).map { Character($0) } ?? " "
    }
  }()

  private enum Kind {
    case letter, number, space, other

    init(_ scalar: Unicode.Scalar) {
      if scalar.properties.isWhitespace {
        self = .space
        return
      }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .number
      default: self = .other
      }
    }
  }

  private static let endings = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array($0.utf8) }

  /// Words with the space before them, as
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` finds them.
  static func words(_ text: [UInt8]) -> [[UInt8]] {
    var kinds: [Kind] = []
    var starts: [Int] = []
    var position = 0
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      kinds.append(Kind(scalar))
      starts.append(position)
      position += UTF8.width(scalar)
    }
    starts.append(position)
    var words: [[UInt8]] = []
    var place = 0
    while place < kinds.count {
      let end = wordEnd(text, kinds, starts, from: place)
      words.append(Array(text[starts[place]..<starts[end]]))
      place = end
    }
    return words
  }

  private static func wordEnd(
    _ text: [UInt8], _ kinds: [Kind], _ starts: [Int], from place: Int
  ) -> Int {
    let first = starts[place]
    if text[first] == UInt8(ascii: "'"),
      let ending = endings.first(where: { text[(first + 1)...].starts(with: $0) })
    {
      return place + 1 + ending.count
    }
    func run(of kind: Kind, from start: Int) -> Int {
      var end = start
      while end < kinds.count, kinds[end] == kind { end += 1 }
      return end
    }
    if kinds[place] != .space { return run(of: kinds[place], from: place) }
    if text[first] == 0x20, place + 1 < kinds.count, kinds[place + 1] != .space {
      return run(of: kinds[place + 1], from: place + 1)
    }
    // White space up to the end of the text, else all but the last, which begins the next word.
    let end = run(of: .space, from: place)
    return end == kinds.count || end == place + 1 ? end : end - 1
  }
}
