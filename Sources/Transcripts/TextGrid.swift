import Foundation

/// Praat's TextGrid, in its long and its short text form.
///
/// As Praat reads them: only numbers, quoted texts and `<flags>` that stand free between spaces
/// count; names, `=` and everything after `!` are for people.
struct TextGrid {
  /// The words of the tier "words", else of the first tier of intervals.
  let words: [TranscriptWord]

  private enum Value: Equatable {
    case number(Double)
    case text(String)
    case flag(String)
  }

  private static let mostTiers = 1000
  private static let silences: Set<String> = ["", "sp", "sil", "<eps>", "<sil>", "<p:>", "#", "_"]

  init(path: String, text: String) throws {
    func malformed(_ problem: String) -> TranscriptError {
      .malformed(path: path, line: nil, problem: problem)
    }
    var values = Self.values(text)[...]
    func next() throws -> Value {
      guard let value = values.popFirst() else { throw malformed("it ends too early") }
      return value
    }
    func number() throws -> Double {
      guard case .number(let value) = try next() else { throw malformed("a number is missing") }
      return value
    }
    func label() throws -> String {
      guard case .text(let value) = try next() else { throw malformed("a text is missing") }
      return value
    }
    func count(_ limit: Int) throws -> Int {
      guard let value = Int(exactly: try number()), (0...limit).contains(value) else {
        throw malformed("a count is no number from 0 to \(limit)")
      }
      return value
    }
    guard try label() == "ooTextFile", try label() == "TextGrid" else {
      throw malformed("it is no TextGrid")
    }
    _ = (try number(), try number())
    guard try next() == .flag("<exists>") else { throw malformed("it holds no tiers") }
    var tiers: [(name: String, words: [TranscriptWord])] = []
    for _ in 0..<(try count(Self.mostTiers)) {
      let kind = try label()
      let name = try label().lowercased()
      _ = (try number(), try number())
      var found: [TranscriptWord] = []
      // Each entry takes values of the file, so that a wrong count ends with them.
      for _ in 0..<(try count(Transcript.mostWords * 10)) {
        let start = try number()
        let end = kind == "IntervalTier" ? try number() : start
        let mark = try label()
        guard let span = TimeSpan.checked(start, end) else {
          throw malformed("an interval from \(start) to \(end)")
        }
        if !Self.silences.contains(mark.trimmingCharacters(in: .whitespaces)) {
          found += TimeSpan.words(mark, in: span)
        }
      }
      if kind == "IntervalTier" { tiers.append((name, found)) }
    }
    let tier = tiers.first { ["words", "word"].contains($0.name) } ?? tiers.first
    words = tier?.words ?? []
  }

  private static func values(_ text: String) -> [Value] {
    var found: [Value] = []
    let characters = Array(text.unicodeScalars)
    var place = 0
    while place < characters.count {
      let first = characters[place]
      if first.properties.isWhitespace {
        place += 1
      } else if first == "!" {
        while place < characters.count, characters[place] != "\n" { place += 1 }
      } else if first == "\"" {
        // A quote inside of a text is written twice.
        var label = String.UnicodeScalarView()
        place += 1
        while place < characters.count {
          if characters[place] == "\"" {
            guard place + 1 < characters.count, characters[place + 1] == "\"" else { break }
            place += 1
          }
          label.append(characters[place])
          place += 1
        }
        place += 1
        found.append(.text(String(label)))
      } else {
        var word = String.UnicodeScalarView()
        while place < characters.count, !characters[place].properties.isWhitespace {
          word.append(characters[place])
          place += 1
        }
        let free = String(word)
        if let number = Double(free) {
          found.append(.number(number))
        } else if free.hasPrefix("<"), free.hasSuffix(">") {
          found.append(.flag(free))
        }
      }
    }
    return found
  }
}
