import Foundation

/// Written English to words as they are said: numbers, sums of money, times, ordinals, years, units
/// and abbreviations.
public enum SpokenEnglish {
  /// The spoken form of each written word, with the punctuation after it.
  public static func words(_ written: [String]) -> [String] {
    written.indices.map { index in
      word(written[index], next: index + 1 < written.count ? written[index + 1] : nil)
    }
  }

  /// - Parameter next: the following word, which decides about "St." and "No.".
  private static func word(_ written: String, next: String?) -> String {
    let text = written.replacing("’", with: "'").replacing("‘", with: "'")
    let opening = text.prefix { "\"“”„«»(<{¡¿'".contains($0) }
    var core = text.dropFirst(opening.count)
    if let spoken = abbreviation(String(core), next: next) { return spoken }
    let ending = String(core.reversed().prefix { "\"“”»)>}.,;:!?…'".contains($0) }.reversed())
    core = core.dropLast(ending.count)
    let pause = ending.filter { ".,;:!?…".contains($0) }
    if let spoken = abbreviation(String(core), next: next) { return spoken + pause }
    return spoken(String(core)) + pause
  }

  private static func abbreviation(_ text: String, next: String?) -> String? {
    switch text {
    case "St.":
      return next?.first?.isUppercase == true ? "saint" : "street"
    case "No.", "no.", "Nos.":
      return next?.first?.isNumber == true ? "number" : nil
    default: return abbreviations[text] ?? abbreviations[text.lowercased()]
    }
  }

  private static let abbreviations: [String: String] = [
    "dr.": "doctor", "mr.": "mister", "mrs.": "missus", "ms.": "miz", "dr": "doctor",
    "mr": "mister", "mrs": "missus", "prof.": "professor", "jr.": "junior", "sr.": "senior",
    "vs.": "versus", "vs": "versus", "etc.": "et cetera", "etc": "et cetera",
    "e.g.": "for example", "i.e.": "that is", "approx.": "approximately", "dept.": "department",
    "ave.": "avenue", "blvd.": "boulevard", "rd.": "road", "inc.": "incorporated",
    "ltd.": "limited", "corp.": "corporation", "gen.": "general", "lt.": "lieutenant",
    "sgt.": "sergeant", "capt.": "captain", "col.": "colonel", "rev.": "reverend",
    "gov.": "governor", "sen.": "senator", "jan.": "january", "feb.": "february",
    "aug.": "august", "sept.": "september", "oct.": "october", "nov.": "november",
    "dec.": "december", "a.m.": "a m", "p.m.": "p m", "&": "and", "+": "plus", "=": "equals",
    "@": "at", "%": "percent", "#": "number",
  ]

  /// A word without punctuation around it.
  private static func spoken(_ text: String) -> String {
    guard text.contains(where: { $0.isNumber || "&@+=%/".contains($0) }) else { return text }
    if let match = text.wholeMatch(of: /([$£€])(\d[\d,]*)(?:\.(\d\d))?(k|m|bn)?/.ignoresCase()) {
      return money(match.1, match.2, match.3, scale: match.4)
    }
    if let match = text.wholeMatch(of: /(\d{1,2}):(\d\d)(am|pm)?/.ignoresCase()),
      let hour = Int(match.1), let minute = Int(match.2)
    {
      let minutes =
        minute == 0
        ? (match.3 == nil ? " o'clock" : "")
        : minute < 10 ? " oh \(Numbers.cardinal(minute))" : " " + Numbers.cardinal(minute)
      return Numbers.cardinal(hour) + minutes + (match.3.map { " " + spaced($0) } ?? "")
    }
    if let match = text.wholeMatch(of: /(\d[\d,]*)(st|nd|rd|th)/.ignoresCase()),
      let number = Numbers.whole(match.1)
    {
      return Numbers.ordinal(number)
    }
    if let match = text.wholeMatch(of: /'?(\d{2,4})'?s/), let number = Int(match.1) {
      return Numbers.plural(Numbers.year(number))
    }
    if let match = text.wholeMatch(of: /(-?)(\d[\d,]*)(?:\.(\d+))?(%|[a-zA-Z]{1,4})?/) {
      return quantity(match.1, match.2, match.3, unit: match.4.map(String.init))
    }
    return pieces(text)
  }

  private static func money(
    _ sign: Substring, _ whole: Substring, _ cents: Substring?, scale: Substring?
  ) -> String {
    let units = ["$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent")]
    let unit = units[String(sign)] ?? ("dollar", "cent")
    let scales = ["k": " thousand", "m": " million", "bn": " billion"]
    let factor = scale.flatMap { scales[$0.lowercased()] } ?? ""
    let amount = Numbers.whole(whole)
    var spoken = Numbers.spoken(whole) + factor + " " + unit.0
    if amount != 1 || !factor.isEmpty { spoken += "s" }
    guard let cents, let count = Int(cents), count > 0 else { return spoken }
    let small = count == 1 ? unit.1 : unit.1 == "penny" ? "pence" : unit.1 + "s"
    return spoken + " and " + Numbers.cardinal(count) + " " + small
  }

  private static let units = [
    "%": "percent", "km": "kilometers", "m": "meters", "cm": "centimeters", "mm": "millimeters",
    "kg": "kilograms", "g": "grams", "mg": "milligrams", "l": "liters", "ml": "milliliters",
    "mph": "miles an hour", "hz": "hertz", "khz": "kilohertz", "mb": "megabytes",
    "gb": "gigabytes", "ms": "milliseconds", "am": "a m", "pm": "p m", "x": "times",
    "k": "thousand",
  ]

  private static func quantity(
    _ minus: Substring, _ whole: Substring, _ decimals: Substring?, unit: String?
  ) -> String {
    var spoken = minus.isEmpty ? "" : "minus "
    let isYear = minus.isEmpty && decimals == nil && unit == nil && !whole.contains(",")
    if isYear, whole.count == 4, let year = Int(whole), (1100...2099).contains(year) {
      spoken += Numbers.year(year)
    } else {
      spoken += Numbers.spoken(whole)
    }
    if let decimals { spoken += " point " + Numbers.digits(decimals) }
    guard let unit else { return spoken }
    return spoken + " " + (units[unit.lowercased()] ?? spaced(Substring(unit)))
  }

  /// Runs of digits, of letters and signs, each on its own: "B2B", "and/or", "5-10".
  private static func pieces(_ text: String) -> String {
    let signs = ["&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "/": ""]
    return text.matches(of: /\d[\d,]*|[^\d&@+=%\/\-_]+|[&@+=%\/]/).map { match in
      let piece = String(match.output)
      return signs[piece] ?? (piece.first?.isNumber == true ? Numbers.spoken(match.output) : piece)
    }.joined(separator: " ")
  }

  private static func spaced(_ letters: Substring) -> String {
    letters.map(String.init).joined(separator: " ")
  }
}

/// Numbers in English words.
private enum Numbers {
  private static let small = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
  ]
  private static let tens = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
  ]
  private static let scales = [
    (1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"),
    (1000, "thousand"),
  ]

  /// The number that digits with commas write; nil if it is too large to be said as one.
  static func whole(_ digits: Substring) -> Int? {
    Int(digits.replacing(",", with: "")).flatMap { $0 < 1_000_000_000_000_000 ? $0 : nil }
  }

  /// A number, or its digits if it is too large or begins with 0.
  static func spoken(_ digits: Substring) -> String {
    let plain = Substring(digits.replacing(",", with: ""))
    guard plain.count == 1 || plain.first != "0", let number = whole(plain) else {
      return self.digits(plain)
    }
    return cardinal(number)
  }

  static func digits(_ digits: Substring) -> String {
    digits.compactMap { $0.wholeNumberValue.map { small[$0] } }.joined(separator: " ")
  }

  static func cardinal(_ number: Int) -> String {
    if number < 20 { return small[number] }
    if number < 100 {
      return tens[number / 10] + (number % 10 == 0 ? "" : " " + small[number % 10])
    }
    if number < 1000 {
      return small[number / 100] + " hundred"
        + (number % 100 == 0 ? "" : " and " + cardinal(number % 100))
    }
    for (size, name) in scales where number >= size {
      let rest = number % size
      let joint = rest == 0 ? "" : rest < 100 ? " and " : " "
      return cardinal(number / size) + " " + name + (rest == 0 ? "" : joint + cardinal(rest))
    }
    return ""
  }

  static func ordinal(_ number: Int) -> String {
    var words = cardinal(number).split(separator: " ").map(String.init)
    let last = words.removeLast()
    let irregular = [
      "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
      "nine": "ninth", "twelve": "twelfth",
    ]
    let ending =
      irregular[last] ?? (last.hasSuffix("y") ? last.dropLast() + "ieth" : last + "th")
    return (words + [ending]).joined(separator: " ")
  }

  /// "nineteen ninety nine", "two thousand five", "twenty ten".
  static func year(_ number: Int) -> String {
    let (century, rest) = (number / 100, number % 100)
    if number < 1100 || (2000...2009).contains(number) { return cardinal(number) }
    if rest == 0 { return cardinal(century) + " hundred" }
    return cardinal(century) + " " + (rest < 10 ? "oh " : "") + cardinal(rest)
  }

  /// "nineties", "hundreds".
  static func plural(_ words: String) -> String {
    words.hasSuffix("y")
      ? words.dropLast() + "ies" : words.hasSuffix("x") ? words + "es" : words + "s"
  }
}
