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

  /// The rate of the library's sound once it was started, and the voice that it has; it serves one
  /// caller at a time.
  private static let engine = Mutex<(sampleRate: Int, voice: String)>((0, ""))

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

  /// A word in the synthesizer's voice, which the painter's guide is made of.
  ///
  /// This matches `Guide.word` in Models/training/speech/guide.py.
  ///
  /// - Parameters:
  ///   - word: may stand for several, with spaces.
  ///   - hz: the pitch, which the nearer of a man's and a woman's voice gets, as far as it reaches.
  /// - Throws: ``TranscriptError/noPhonemes(reason:)``
  public func spoken(_ word: String, hz: Double) throws -> SpokenWord {
    guard word.utf8.count <= Self.longestText else {
      throw TranscriptError.noPhonemes(reason: "a word has \(word.utf8.count) bytes")
    }
    return try Self.engine.withLock { engine in
      let voice = SynthesizerVoice(hz: hz)
      try Self.select(language + voice.variant, &engine)
      for (parameter, value) in [
        (espeakRATE, Self.speed), (espeakPITCH, voice.pitch), (espeakRANGE, Self.pitchRange),
      ] { espeak_SetParameter(parameter, value, 0) }
      let heard = Heard()
      let status = word.withCString { text in
        espeak_Synth(
          text, strlen(text) + 1, 0, POS_CHARACTER, 0, UInt32(espeakCHARS_UTF8), nil,
          Unmanaged.passUnretained(heard).toOpaque())
      }
      guard status == EE_OK, espeak_Synchronize() == EE_OK else {
        throw TranscriptError.noPhonemes(reason: "espeak-ng does not say '\(word)'")
      }
      return heard.word(sampleRate: engine.sampleRate)
    }
  }

  /// Words a minute, and the range of the pitch, of 100.
  private static let speed: Int32 = 160, pitchRange: Int32 = 50

  /// What the library's callback is told while it speaks.
  private final class Heard {
    private var samples: [Int16] = []
    /// First sample of each event, and whether it begins a phoneme.
    private var events: [(sample: Int, isPhoneme: Bool)] = []
    private var hasWord = false

    func take(_ wave: UnsafePointer<Int16>?, _ count: Int, _ first: UnsafePointer<espeak_EVENT>) {
      if let wave, count > 0 { samples += UnsafeBufferPointer(start: wave, count: count) }
      var event = first
      while event.pointee.type != espeakEVENT_LIST_TERMINATED {
        hasWord = hasWord || event.pointee.type == espeakEVENT_WORD
        let isPhoneme = event.pointee.type == espeakEVENT_PHONEME && hasWord
        events.append((Int(event.pointee.sample), isPhoneme && !symbol(event.pointee).isEmpty))
        event += 1
      }
    }

    private func symbol(_ event: espeak_EVENT) -> String {
      withUnsafeBytes(of: event.id.string) { bytes in
        Phonemizer.bare(Substring(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)))
      }
    }

    func word(sampleRate: Int) -> SpokenWord {
      let ends = events.dropFirst().map(\.sample) + [samples.count]
      let rate = Double(sampleRate)
      return SpokenWord(
        samples: samples.map { Float($0) / 32768 }, sampleRate: sampleRate,
        phonemes: zip(events, ends).filter(\.0.isPhoneme).map {
          Double($0.sample) / rate...max(Double($0.sample), Double($1)) / rate
        })
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
    _ language: String, _ engine: inout (sampleRate: Int, voice: String)
  ) throws {
    if engine.sampleRate == 0 {
      let options = Int32(
        espeakINITIALIZE_DONT_EXIT | espeakINITIALIZE_PHONEME_EVENTS
          | espeakINITIALIZE_PHONEME_IPA)
      let rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nil, options)
      guard rate > 0 else {
        throw TranscriptError.noPhonemes(
          reason: "espeak-ng does not start; is the package espeak-ng-data installed?")
      }
      espeak_SetSynthCallback { wave, count, events in
        if let events, let user = events.pointee.user_data {
          Unmanaged<Heard>.fromOpaque(user).takeUnretainedValue().take(wave, Int(count), events)
        }
        return 0
      }
      engine.sampleRate = Int(rate)
    }
    if engine.voice != language {
      guard espeak_SetVoiceByName(language) == EE_OK else {
        throw TranscriptError.noPhonemes(reason: "espeak-ng has no language '\(language)'")
      }
      engine.voice = language
    }
  }
}

/// The variant of espeak-ng's voices and its setting (0 to 99) that come nearest to a pitch.
struct SynthesizerVoice: Equatable {
  let variant: String
  let pitch: Int32

  /// Settings, and the median pitch that both voices have with them, Hz (espeak-ng 1.51).
  private static let settings = [0.0, 20, 40, 50, 60, 80, 99]
  private static let man = [56.0, 62, 73, 82, 93, 119, 151]
  private static let woman = [90.0, 116, 143, 163, 183, 227, 287]
  /// Here a woman's voice begins, Hz.
  private static let border = 145.0

  init(hz: Double) {
    variant = hz < Self.border ? "" : "+f2"
    let reached = hz < Self.border ? Self.man : Self.woman
    let wanted = min(max(hz, reached[0]), reached[reached.count - 1])
    let upper = max(1, reached.firstIndex { $0 >= wanted } ?? reached.count - 1)
    let part = (wanted - reached[upper - 1]) / (reached[upper] - reached[upper - 1])
    let (a, b) = (Self.settings[upper - 1], Self.settings[upper])
    pitch = Int32((a + part * (b - a) + 0.5).rounded(.down))
  }
}

/// A word as a synthesizer says it.
public struct SpokenWord: Sendable {
  /// -1...1
  public let samples: [Float]
  public let sampleRate: Int
  /// Seconds of each phoneme.
  public let phonemes: [ClosedRange<Double>]
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
