/// Puts slips of the keyboard right in the words that instructions have most: "isolte the drmus".
///
/// Only a word that the reader's vocabulary does not have whole is changed, so that a rare word that
/// looks like a common one stays.
package enum Spelling {
  private static let words = [
    "acoustic", "cello", "choir", "clarinet", "delete", "distorted", "drums", "drummer", "electric",
    "everything", "except", "extract", "flute", "guitar", "guitars", "insert", "instrumental",
    "isolate", "karaoke", "organ", "percussion", "piano", "remove", "replace", "saxophone",
    "singer", "strings", "synth", "tambourine", "trumpet", "violin", "vocal", "vocals", "voice",
    "without",
  ]

  /// - Parameter isKnown: whether the vocabulary has a word, in small letters, as one piece.
  package static func corrected(_ text: String, isKnown: (String) -> Bool) -> String {
    var out = ""
    var position = text.startIndex
    for token in tokens(of: text) {
      guard let word = token.word, word.count >= 4, !isKnown(word),
        let meant = words.first(where: { isNearly(word, $0) })
      else { continue }
      out += text[position..<token.range.lowerBound] + meant
      position = token.range.upperBound
    }
    out += text[position...]
    return out
  }
}
