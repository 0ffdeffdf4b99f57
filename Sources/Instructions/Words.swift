/// A piece of an instruction and where it stands.
struct Token: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    /// Lower-case letters and apostrophes.
    case word(String)
    case number(Double)
    /// `1:30` in seconds.
    case clock(Double)
    /// One punctuation mark; all dashes and arrows are "-".
    case mark(Character)
  }

  let kind: Kind
  let range: Range<String.Index>

  var word: String? { if case .word(let text) = kind { text } else { nil } }
  var mark: Character? { if case .mark(let mark) = kind { mark } else { nil } }
}

/// Cuts an instruction into words, numbers, clock times and punctuation.
func tokens(of text: String) -> [Token] {
  var found: [Token] = []
  var position = text.startIndex
  while position < text.endIndex {
    let character = text[position]
    let start = position
    if isDigit(character) {
      let (kind, end) = numberOrClock(text, position)
      position = end
      found.append(Token(kind: kind, range: start..<end))
    } else if character.isLetter {
      while position < text.endIndex, isWordCharacter(text[position]) {
        position = text.index(after: position)
      }
      let word = text[start..<position].lowercased()
        .replacing("’", with: "'")
      found.append(Token(kind: .word(word), range: start..<position))
    } else {
      position = text.index(after: position)
      guard !character.isWhitespace else {
        if character.isNewline { found.append(Token(kind: .mark("\n"), range: start..<position)) }
        continue
      }
      var mark = character
      if "-–—−‐‑→~".contains(mark) { mark = "-" }
      if mark == "-", position < text.endIndex, text[position] == ">" {
        position = text.index(after: position)
      }
      found.append(Token(kind: .mark(mark), range: start..<position))
    }
  }
  return found
}

private func isDigit(_ character: Character) -> Bool {
  character.isASCII && character.isNumber
}

private func isWordCharacter(_ character: Character) -> Bool {
  character.isLetter || character == "'" || character == "’"
}

/// `12`, `1.5`, `1,5`, `0:30`, `1:02:03.5`.
private func numberOrClock(
  _ text: String, _ start: String.Index
) -> (Token.Kind, String.Index) {
  var position = start
  func digits() -> Substring {
    let from = position
    while position < text.endIndex, isDigit(text[position]) {
      position = text.index(after: position)
    }
    return text[from..<position]
  }
  /// Passes `mark` when a digit follows it.
  func passes(_ marks: String) -> Bool {
    guard position < text.endIndex, marks.contains(text[position]) else { return false }
    let next = text.index(after: position)
    guard next < text.endIndex, isDigit(text[next]) else { return false }
    position = next
    return true
  }
  var parts = [Double(digits()) ?? 0]
  while parts.count < 3, passes(":") { parts.append(Double(digits()) ?? 0) }
  if passes(parts.count > 1 ? "." : ".,") {
    let fraction = digits()
    parts[parts.count - 1] += Double("0." + fraction) ?? 0
  }
  let value = parts.reduce(0) { $0 * 60 + $1 }
  return (parts.count > 1 ? .clock(value) : .number(value), position)
}

/// Whether `word` is `wanted` with at most one slip: a letter missing, added, changed, or two
/// neighbours swapped. Words under five letters must be exact, as must the first letter.
func isNearly(_ word: String, _ wanted: String) -> Bool {
  if word == wanted { return true }
  let (a, b) = (Array(word.unicodeScalars), Array(wanted.unicodeScalars))
  guard b.count >= 5, abs(a.count - b.count) <= 1, a.first == b.first else { return false }
  let front = zip(a, b).prefix { $0 == $1 }.count
  let back = min(
    zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count, min(a.count, b.count) - front)
  let (left, right) = (a.count - front - back, b.count - front - back)
  if left <= 1, right <= 1 { return true }
  return left == 2 && right == 2 && a[front] == b[front + 1] && a[front + 1] == b[front]
}
