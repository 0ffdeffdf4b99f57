import CEspeak
import Foundation
import Synchronization

/// Phonemes of text by libespeak-ng: IPA symbols as it divides them (`aɪ`, `oːɹ`), without stress
/// marks.
///
/// This matches `Espeak.words` in Models/training/speech/espeak.py, which the models were trained
/// with.
public struct Phonemizer: Sendable {
  /// espeak-ng's name of the language.
  public let language: String

  /// Whether the library was started, and the voice that it has; it serves one caller at a time.
  private static let engine = Mutex<(started: Bool, voice: String)>((false, ""))

  private static let marks: Set<Unicode.Scalar> = ["ˈ", "ˌ", "-"]
  private static let punctuation = CharacterSet(charactersIn: ".,;:!?…\"“”„«»()¡¿-–")
  /// Bytes of text that one call takes; longer ones are no sentence.
  private static let longestText = 20_000

  /// - Throws: ``TranscriptError/noPhonemes(reason:)``
  public init(language: String = "en-us") throws {
    self.language = language
    try Self.engine.withLock { try Self.select(language, &$0) }
  }

  /// Phonemes of each word, which may hold punctuation; words without a letter or digit have none.
  ///
  /// Where espeak-ng joins words ("of the"), each word of the text is pronounced alone.
  ///
  /// - Parameter words: of one sentence; a word may stand for several, with spaces ("twenty five").
  /// - Throws: ``TranscriptError/noPhonemes(reason:)``
  public func phonemes(of words: [String]) throws -> [[String]] {
    let parts = words.map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
    let names = parts.joined().filter { $0.contains { $0.isLetter || $0.isNumber } }
    let text = parts.joined().joined(separator: " ")
    guard text.utf8.count <= Self.longestText else {
      throw TranscriptError.noPhonemes(reason: "a sentence has \(text.utf8.count) bytes")
    }
    return try Self.engine.withLock { engine in
      try Self.select(language, &engine)
      var groups = Self.groups(text)
      if groups.count != names.count || !names.allSatisfy(Self.isSimple) {
        groups = names.map { Self.groups($0).flatMap(\.self) }
      }
      var next = 0
      return parts.map { part in
        let count = part.count { $0.contains { $0.isLetter || $0.isNumber } }
        defer { next += count }
        return groups[next..<next + count].flatMap(\.self)
      }
    }
  }

  private static func isSimple(_ word: String) -> Bool {
    word.trimmingCharacters(in: punctuation).replacing("'", with: "").allSatisfy(\.isLetter)
  }

  /// Phonemes of the words of a text, as espeak-ng joins or divides them.
  private static func groups(_ text: String) -> [[String]] {
    var groups: [[String]] = []
    text.withCString { start in
      var place: UnsafeRawPointer? = UnsafeRawPointer(start)
      while place != nil {
        let mode = Int32(espeakPHONEMES_IPA) | Int32(UInt8(ascii: "_")) << 8
        guard let made = espeak_TextToPhonemes(&place, Int32(espeakCHARS_UTF8), mode) else {
          continue
        }
        // "(en)" says that the language changes.
        let clause = String(cString: made).replacing(/\([a-z-]+\)/, with: "")
        for group in clause.split(whereSeparator: \.isWhitespace) {
          let symbols = group.split(separator: "_").map(bare).filter { !$0.isEmpty }
          if !symbols.isEmpty { groups.append(symbols) }
        }
      }
    }
    return groups
  }

  /// A symbol without the marks at its ends.
  private static func bare(_ symbol: Substring) -> String {
    var scalars = Substring(symbol).unicodeScalars
    while let first = scalars.first, marks.contains(first) { scalars.removeFirst() }
    while let last = scalars.last, marks.contains(last) { scalars.removeLast() }
    return String(scalars)
  }

  private static func select(
    _ language: String, _ engine: inout (started: Bool, voice: String)
  ) throws {
    if !engine.started {
      let options = Int32(espeakINITIALIZE_DONT_EXIT)
      guard espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nil, options) > 0 else {
        throw TranscriptError.noPhonemes(
          reason: "espeak-ng does not start; is the package espeak-ng-data installed?")
      }
      engine.started = true
    }
    if engine.voice != language {
      guard espeak_SetVoiceByName(language) == EE_OK else {
        throw TranscriptError.noPhonemes(reason: "espeak-ng has no language '\(language)'")
      }
      engine.voice = language
    }
  }
}

/// The classes that networks give phonemes; class 0 is silence.
public struct PhonemeInventory: Sendable {
  /// A symbol for each class, "" first.
  public let symbols: [String]
  private let classes: [String: Int]

  public init(symbols: [String]) {
    self.symbols = symbols
    classes = Dictionary(
      symbols.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// One class, or those of the characters of a symbol that is not in the list; characters that are
  /// not there either are left out.
  public func encode(_ symbol: String) -> [Int] {
    if let found = classes[symbol] { return [found] }
    return symbol.unicodeScalars.compactMap { classes[String($0)] }
  }
}
