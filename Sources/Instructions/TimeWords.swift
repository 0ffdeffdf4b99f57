/// Reads numbers, durations and moments from words.
///
/// Each function takes the place of a token and returns what it read and the place behind it, or
/// nil when there is no such thing there.
struct TimeWords {
  let tokens: [Token]

  /// A moment, or a number whose unit must come from elsewhere ("from 10 to 20 seconds").
  enum Moment: Equatable {
    case point(TimePoint)
    case bare(Double)
  }

  func word(_ index: Int) -> String? {
    tokens.indices.contains(index) ? tokens[index].word : nil
  }

  func mark(_ index: Int) -> Character? {
    tokens.indices.contains(index) ? tokens[index].mark : nil
  }

  /// Whether the token is one of the words, small slips allowed.
  func isWord(_ index: Int, in words: [String]) -> Bool {
    guard let word = word(index) else { return false }
    return words.contains(word) || words.contains { isNearly(word, $0) }
  }

  /// The place behind the given words, if they stand here.
  func passing(_ words: [String]..., at index: Int) -> Int? {
    for (offset, choices) in words.enumerated() where !isWord(index + offset, in: choices) {
      return nil
    }
    return index + words.count
  }

  /// The place behind the words, or the same place.
  func skipping(_ words: [String], at index: Int) -> Int {
    isWord(index, in: words) ? index + 1 : index
  }

  /// Whether two tokens touch, as in `10s`.
  func touches(_ index: Int) -> Bool {
    tokens.indices.contains(index) && index > 0
      && tokens[index - 1].range.upperBound == tokens[index].range.lowerBound
  }

  // MARK: Vocabulary

  static let articles = ["the", "a", "an", "this", "that", "my", "its", "th", "teh"]
  static let song = [
    "song", "track", "piece", "music", "tune", "recording", "clip", "file", "audio", "mix", "it",
    "loop", "record", "sound", "whole",
  ]
  static let about = ["about", "around", "roughly", "approximately", "exactly", "circa", "like"]
  static let startNames = ["start", "beginning", "top", "outset", "begining", "strat"]
  static let endNames = ["end", "finish", "close", "ending", "finale"]
  static let middleNames = ["middle", "half", "midpoint", "halfway", "centre", "center", "midway"]

  /// Seconds of a unit; the short forms only directly after a number.
  func unit(_ index: Int) -> Double? {
    guard let word = word(index) else { return nil }
    switch word {
    case "s", "sec", "secs", "sek", "secnd", "secnds", "scs": return 1
    case "m", "min", "mins", "minuts", "minets": return 60
    case "ms", "msec", "msecs": return 0.001
    case "h", "hr", "hrs", "hour", "hours": return 3600
    default: break
    }
    if isWord(index, in: ["second", "seconds", "secound", "secounds"]) { return 1 }
    if isWord(index, in: ["minute", "minutes"]) { return 60 }
    if isWord(index, in: ["millisecond", "milliseconds"]) { return 0.001 }
    return nil
  }

  private static let units: [String: Double] = [
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
  ]
  private static let tens: [String: Double] = [
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
  ]
  private static let ordinals: [String: Double] = [
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
  ]

  private static func value(of word: String, in table: [String: Double]) -> Double? {
    table[word] ?? table.first { isNearly(word, $0.key) }?.value
  }

  // MARK: Numbers

  /// `12`, `1.5`, `ten`, `twenty-five`, `a hundred and twenty`, `two and a half`, `a couple of`.
  func number(_ index: Int) -> (value: Double, next: Int)? {
    guard let (value, next) = wholeNumber(index) else { return nil }
    if let next = passing(["and"], ["a"], ["half"], at: next) { return (value + 0.5, next) }
    return (value, next)
  }

  private func wholeNumber(_ index: Int) -> (value: Double, next: Int)? {
    guard tokens.indices.contains(index) else { return nil }
    if case .number(let value) = tokens[index].kind { return (value, index + 1) }
    if let next = passing(["couple"], at: skipping(["a"], at: index)) {
      return (2, skipping(["of"], at: next))
    }
    guard let word = word(index) else { return nil }
    if let next = passing(["hundred"], at: skipping(["a", "one"], at: index)) {
      let rest = skipping(["and"], at: next)
      if let (value, next) = belowHundred(rest) { return (100 + value, next) }
      return (100, next)
    }
    if let found = belowHundred(index) { return found }
    return word == "a" || word == "an" ? (1, index + 1) : nil
  }

  private func belowHundred(_ index: Int) -> (value: Double, next: Int)? {
    guard let word = word(index) else { return nil }
    if let value = Self.value(of: word, in: Self.units) { return (value, index + 1) }
    guard let tens = Self.value(of: word, in: Self.tens) else { return nil }
    let next = mark(index + 1) == "-" ? index + 2 : index + 1
    if let unit = self.word(next).flatMap({ Self.value(of: $0, in: Self.units) }), unit < 10,
      unit > 0
    {
      return (tens + unit, next + 1)
    }
    return (tens, index + 1)
  }

  /// `second`, `third`, `2nd`, `4th`.
  func ordinal(_ index: Int) -> (value: Double, next: Int)? {
    if let word = word(index), let value = Self.value(of: word, in: Self.ordinals) {
      return (value, index + 1)
    }
    guard tokens.indices.contains(index), case .number(let value) = tokens[index].kind,
      touches(index + 1), ["st", "nd", "rd", "th"].contains(word(index + 1))
    else { return nil }
    return (value, index + 2)
  }

  // MARK: Durations

  /// `10 seconds`, `10s`, `1m30`, `1 minute and 20 seconds`, `half a minute`, `a minute and a half`,
  /// `0:30`; with `allowsBareUnit` also `minute`.
  func duration(_ index: Int, allowsBareUnit: Bool = false) -> (seconds: Double, next: Int)? {
    var place = skipping(Self.about, at: index)
    if tokens.indices.contains(place), case .clock(let seconds) = tokens[place].kind {
      return (seconds, place + 1)
    }
    if allowsBareUnit, let unit = unit(place), unit >= 1 {
      let half = passing(["and"], ["a"], ["half"], at: place + 1)
      return (half == nil ? unit : 1.5 * unit, half ?? place + 1)
    }
    if let next = passing(["half"], ["a", "an"], at: place), let unit = unit(next) {
      return (unit / 2, next + 1)
    }
    if let next = passing(["half"], at: skipping(["a"], at: place)), let unit = unit(next) {
      return (unit / 2, next + 1)
    }
    guard let (value, afterNumber) = number(place) else { return nil }
    place = mark(afterNumber) == "-" ? afterNumber + 1 : afterNumber
    place = passing(["or"], ["so"], at: place) ?? place
    guard let unit = unit(place) else { return nil }
    place += 1
    if let next = passing(["and"], ["a"], ["half"], at: place) {
      return (value * unit + unit / 2, next)
    }
    if unit == 60, let (rest, next) = secondsAfterMinutes(place) {
      return (value * 60 + rest, next)
    }
    return (value * unit, passing(["or"], ["so"], at: place) ?? place)
  }

  private func secondsAfterMinutes(_ index: Int) -> (seconds: Double, next: Int)? {
    let place = mark(index) == "," ? index + 1 : skipping(["and"], at: index)
    guard let (value, next) = number(place), value < 60 else { return nil }
    if unit(next) == 1 { return (value, next + 1) }
    // `1m30`, where the second number touches the first unit.
    return place == index && touches(index) ? (value, next) : nil
  }

  // MARK: Moments

  /// `0:30`, `10 seconds`, `minute two`, `the start`, `ten seconds before the end`, `halfway`, `20`.
  func moment(_ index: Int) -> (moment: Moment, next: Int)? {
    var place = index
    for words in [
      ["time", "at", "position", "timestamp"], Self.about, Self.articles, ["very", "time"],
    ] {
      place = skipping(words, at: place)
    }
    if let found = namedMoment(place) { return found }
    if let unit = unit(place), unit >= 1, let (value, next) = number(place + 1),
      self.unit(next) == nil
    {
      return (.point(.fromStart(value * unit)), next)
    }
    if let (seconds, next) = duration(place == index ? place : skipBackToArticle(place, index)) {
      return placed(seconds, next)
    }
    if let (value, next) = number(place) { return (.bare(value), next) }
    return nil
  }

  /// An article that was skipped may be the number of "a minute".
  private func skipBackToArticle(_ place: Int, _ first: Int) -> Int {
    place > first && ["a", "an"].contains(word(place - 1)) ? place - 1 : place
  }

  private func namedMoment(_ place: Int) -> (moment: Moment, next: Int)? {
    if isWord(place, in: Self.startNames) { return (.point(.start), ofSong(place + 1)) }
    if isWord(place, in: Self.endNames) { return (.point(.end), ofSong(place + 1)) }
    guard isWord(place, in: Self.middleNames), unit(place + 1) == nil,
      unit(skipping(["a"], at: place + 1)) == nil
    else { return nil }
    var next = skipping(["way"], at: place + 1)
    next = skipping(["point", "mark"], at: next)
    next = skipping(["through", "into", "in"], at: next)
    return (.point(.fraction(0.5)), ofSong(next))
  }

  /// What a duration counts from: the end when it says so, else the start.
  private func placed(_ seconds: Double, _ next: Int) -> (moment: Moment, next: Int) {
    let articles = Self.articles
    for words in [["before"], ["from"]] {
      if let place = passing(words, at: next),
        let end = passing(
          ["end", "finish", "ending"], at: skipping(["very"], at: skipping(articles, at: place)))
      {
        return (.point(.fromEnd(seconds)), ofSong(end))
      }
    }
    if let place = passing(["before"], ["it", "song"], ["ends", "end"], at: next) {
      return (.point(.fromEnd(seconds)), place)
    }
    for words in [["from"], ["after"], ["into"], ["past"]] {
      if let place = passing(words, at: next) {
        let name = skipping(articles, at: place)
        if isWord(name, in: Self.startNames) {
          return (.point(.fromStart(seconds)), ofSong(name + 1))
        }
        if words == ["into"], isWord(name, in: Self.song) {
          return (.point(.fromStart(seconds)), name + 1)
        }
      }
    }
    let place = skipping(["mark", "point"], at: skipping(["minute", "minutes", "min"], at: next))
    return (.point(.fromStart(seconds)), passing(["in"], at: place).map(endsHere) ?? place)
  }

  /// "in" belongs to a moment ("a minute in") when the sentence ends behind it.
  private func endsHere(_ next: Int) -> Int {
    next >= tokens.count || mark(next) != nil ? next : next - 1
  }

  /// The place behind "of the song", "of it", or the same place.
  func ofSong(_ index: Int) -> Int {
    guard let place = passing(["of", "in", "on", "from"], at: index) else { return index }
    let name = skipping(["whole", "entire"], at: skipping(Self.articles, at: place))
    if isWord(name, in: Self.song) { return name + 1 }
    return ["this", "that"].contains(word(place))
      && (place + 1 >= tokens.count || mark(place + 1) != nil)
      ? place + 1 : index
  }
}
