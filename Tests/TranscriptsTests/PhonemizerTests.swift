import Foundation
import TestSupport
import Testing
import Transcripts

/// Phonemes as the recipes make them (Tests/Fixtures/make_speech.py).
@Suite struct PhonemizerTests {
  private struct Case: Decodable {
    let language: String
    let text: String
    /// Pairs of a word and its phonemes.
    let words: [(String, [String])]

    private enum CodingKeys: CodingKey { case language, text, words }

    init(from decoder: any Decoder) throws {
      let keys = try decoder.container(keyedBy: CodingKeys.self)
      language = try keys.decode(String.self, forKey: .language)
      text = try keys.decode(String.self, forKey: .text)
      var list = try keys.nestedUnkeyedContainer(forKey: .words)
      var words: [(String, [String])] = []
      while !list.isAtEnd {
        var pair = try list.nestedUnkeyedContainer()
        words.append((try pair.decode(String.self), try pair.decode([String].self)))
      }
      self.words = words
    }
  }

  @Test func phonemesAreThoseOfTheRecipes() throws {
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: Fixtures.url("speech/phonemes.json")))
    for expected in cases {
      let phonemizer = try Phonemizer(
        language: expected.language == "en"
          ? "en-us" : expected.language == "es" ? "es-419" : expected.language)
      let words = expected.text.split(separator: " ").map(String.init)
      let found = try phonemizer.phonemes(of: words)
      let spoken = zip(words, found).filter { !$1.isEmpty }
      #expect(spoken.map(\.0) == expected.words.map(\.0))
      #expect(spoken.map(\.1) == expected.words.map(\.1), "\(expected.text)")
    }
  }

  @Test func numbersAreSpoken() {
    let spoken: [(String, String)] = [
      ("25", "twenty five"), ("1,234", "one thousand two hundred and thirty four"),
      ("1999", "nineteen ninety nine"), ("2005", "two thousand and five"),
      ("1905", "nineteen oh five"), ("2,005", "two thousand and five"),
      ("3.14", "three point one four"),
      ("21st", "twenty first"), ("40th,", "fortieth,"), ("$5.20", "five dollars and twenty cents"),
      ("£1", "one pound"), ("$3m", "three million dollars"), ("50%.", "fifty percent."),
      ("3:45pm", "three forty five p m"), ("7:00", "seven o'clock"), ("1990s", "nineteen nineties"),
      ("5km", "five kilometers"), ("-4", "minus four"), ("007", "zero zero seven"),
      ("Dr.", "doctor"), ("B2B", "B two B"), ("and/or", "and  or"), ("don’t", "don't"),
      ("(hello)", "hello"), ("100", "one hundred"), ("99999999999999999999", ""),
    ]
    for (written, expected) in spoken where !expected.isEmpty {
      #expect(SpokenEnglish.words([written]) == [expected])
    }
    #expect(SpokenEnglish.words(["99999999999999999999"])[0].split(separator: " ").count == 20)
    #expect(SpokenEnglish.words(["St.", "James"]) == ["saint", "James"])
    #expect(SpokenEnglish.words(["Main", "St.", "is"]) == ["Main", "street", "is"])
    #expect(SpokenEnglish.words(["No.", "7"]) == ["number", "seven"])
  }

  @Test func unknownSymbolsAreSpelled() {
    let inventory = PhonemeInventory(symbols: ["", "a", "b", "aɪ"])
    #expect(inventory.encode("aɪ") == [3])
    #expect(inventory.encode("abx") == [1, 2])
  }
}
