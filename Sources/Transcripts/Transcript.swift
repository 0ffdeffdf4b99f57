/// A word of a transcript.
public struct TranscriptWord: Sendable, Equatable {
  /// As it is written.
  public let text: String
  /// Where in the sound it is said, in seconds, if the transcript knows: its own time, or that of the
  /// passage that it belongs to.
  public let seconds: ClosedRange<Double>?
  /// Whether it stands in `[brackets]`, which mark what is missing from the sound.
  public let isMissing: Bool

  public init(_ text: String, seconds: ClosedRange<Double>? = nil, isMissing: Bool = false) {
    (self.text, self.seconds, self.isMissing) = (text, seconds, isMissing)
  }

  /// Whether a sentence ends here.
  var endsSentence: Bool {
    text.last { !"\"'”’)]".contains($0) }.map { ".?!…".contains($0) } ?? false
  }
}

/// What is said in a sound: words in their order, each with a letter or digit.
public struct Transcript: Sendable, Equatable {
  public var words: [TranscriptWord]

  /// Words, and characters of one, beyond which a text is no transcript.
  static let mostWords = 200_000
  static let longestWord = 200

  public init(words: [TranscriptWord]) { self.words = words }

  /// Reads text, in which `[brackets]` mark words that are missing from the sound.
  public init(text: String) {
    words = []
    var isMissing = false
    for piece in text.split(whereSeparator: \.isWhitespace) {
      var word = ""
      func flush() {
        if word.contains(where: { $0.isLetter || $0.isNumber }) {
          words.append(TranscriptWord(word, isMissing: isMissing))
        } else if !word.isEmpty, let last = words.indices.last {
          // Punctuation that stands alone belongs to the word before.
          words[last] = TranscriptWord(
            words[last].text + word, isMissing: words[last].isMissing)
        }
        word = ""
      }
      for character in piece {
        switch character {
        case "[":
          flush()
          isMissing = true
        case "]":
          flush()
          isMissing = false
        default: word.append(character)
        }
      }
      flush()
    }
  }

  /// Indices of words in sentences of at most `most` words.
  func sentences(most: Int = 40) -> [Range<Int>] {
    var (found, start) = ([Range<Int>](), 0)
    for (index, word) in words.enumerated()
    where word.endsSentence || index + 1 - start == most || index + 1 == words.count {
      found.append(start..<index + 1)
      start = index + 1
    }
    return found
  }

  /// Phonemes of each word, as they are spoken: numbers and abbreviations are written out before.
  /// - Throws: ``TranscriptError/noPhonemes(reason:)``
  public func phonemes(_ phonemizer: Phonemizer) throws -> [[String]] {
    let spoken = SpokenEnglish.words(words.map(\.text))
    return try sentences().flatMap { try phonemizer.phonemes(of: Array(spoken[$0])) }
  }
}
