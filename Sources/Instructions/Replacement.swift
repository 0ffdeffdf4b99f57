/// Which of two parts goes and which comes in "replace the piano with strings", by the word between
/// them. The text model names the two parts; this only settles their order.
struct Replacement {
  let old: String
  let new: String
  /// The words that name them; all words where the sides are not told apart.
  let oldWords: String
  let newWords: String

  private static let toRight = ["with", "by", "into", "to", "for"]
  private static let toLeft = [["instead", "of"], ["in", "place", "of"], ["rather", "than"]]
  /// "substitute strings for the piano" has the new part first.
  private static let newFirst = ["substitute", "sub"]

  /// - Parameters:
  ///   - read: the part that a request names.
  ///   - target: what goes, as the text model has it; `second` what comes.
  init(
    _ text: String, target: String, second: String, read: (String) throws -> String?
  ) rethrows {
    let words = text.lowercased().split(separator: " ").map(String.init)
    guard let (left, right, oldIsLeft) = Self.sides(words) else {
      (old, new, oldWords, newWords) = (target, second, text, text)
      return
    }
    let (leftPart, rightPart) = try (
      read("remove " + left.joined(separator: " ")), read("add " + right.joined(separator: " "))
    )
    let oldPart = oldIsLeft ? leftPart : rightPart
    let newPart = oldIsLeft ? rightPart : leftPart
    let sides = [left, right].map { $0.joined(separator: " ") }
    (oldWords, newWords) = oldIsLeft ? (sides[0], sides[1]) : (sides[1], sides[0])
    let isReversed = oldPart == second && newPart == target
    (old, new) = isReversed ? (second, target) : (target, second)
  }

  /// The words on both sides, without a leading verb, and whether the left ones go.
  private static func sides(_ words: [String]) -> ([String], [String], Bool)? {
    let isNewFirst = words.first.map { newFirst.contains($0) } ?? false
    for index in words.indices.dropFirst() {
      for phrase in toLeft where words[index...].starts(with: phrase) {
        return side(words, index, phrase.count, oldIsLeft: false)
      }
      if toRight.contains(words[index]) {
        return side(words, index, 1, oldIsLeft: !(isNewFirst && words[index] == "for"))
      }
    }
    return nil
  }

  private static func side(
    _ words: [String], _ index: Int, _ count: Int, oldIsLeft: Bool
  ) -> ([String], [String], Bool)? {
    // "the piano" of "replace the piano": a verb stands before the first determiner.
    let first = words[..<index].firstIndex { ["the", "a", "an", "some", "my"].contains($0) } ?? 1
    let (left, right) = (words[min(first, index)..<index], words[(index + count)...])
    return left.isEmpty || right.isEmpty ? nil : (Array(left), Array(right), oldIsLeft)
  }
}
