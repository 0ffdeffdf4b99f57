/// Finds stretches of time that an instruction names, such as "in the first ten seconds", "from 0:30
/// to 1:00", "until the end" or "after a minute".
struct RegionGrammar {
  struct Match: Equatable {
    /// The region's tokens.
    let place: Range<Int>
    let region: TimeRegion
  }

  private let read: TimeWords
  private var tokens: [Token] { read.tokens }

  init(_ tokens: [Token]) { read = TimeWords(tokens: tokens) }

  /// All regions, from left to right.
  ///
  /// - Throws: ``InstructionError/region(_:)`` for a region that ends before it starts.
  func matches() throws -> [Match] {
    var found: [Match] = []
    var index = 0
    while index < tokens.count {
      if let (region, next) = region(index) {
        found.append(Match(place: index..<next, region: try region.checked()))
        index = next
      } else {
        index += 1
      }
    }
    return found
  }

  private typealias Found = (region: TimeRegion, next: Int)

  private static let prepositions = [
    "in", "during", "for", "over", "within", "throughout", "on", "across", "through", "inside",
    "at",
    "of", "under",
  ]
  private static let from = ["from", "frm", "starting", "beginning"]
  private static let until = [
    "until", "till", "til", "untill", "unitl", "through", "thru", "to", "upto",
  ]
  /// What makes bare numbers something else than seconds.
  private static let otherUnits = [
    "db", "bpm", "hz", "khz", "percent", "bar", "bars", "beat", "beats", "measures", "cents",
    "semitones", "times", "pm", "am", "o'clock", "notes", "instruments", "people", "euros",
  ]

  private func region(_ index: Int) -> Found? {
    var place = index
    if let next = read.passing(["but", "and"], ["only", "just"], at: place) { place = next }
    return between(place) ?? fromTo(place) ?? counted(place) ?? lasting(place) ?? after(place)
      ?? before(place)
  }

  // MARK: Two bounds

  private func between(_ index: Int) -> Found? {
    let place = read.skipping(Self.prepositions, at: index)
    guard let first = read.passing(["between", "betwen", "beetween"], at: place),
      let (from, next) = read.moment(unitFirst(first)),
      let and = read.passing(["and", "to"], at: next) ?? dash(next),
      let (to, end) = read.moment(and)
    else { return nil }
    return bounds(from, to, end, unitAt: first, needsUnit: false)
  }

  /// "between seconds 3 and 9": the unit stands in front of both.
  private func unitFirst(_ index: Int) -> Int {
    read.unit(index) != nil && read.number(index + 1) != nil ? index + 1 : index
  }

  /// "from A to B", "A - B".
  private func fromTo(_ index: Int) -> Found? {
    var place = read.skipping(Self.prepositions, at: index)
    var isNamed = false
    // "form" is a slip of "from" where a time follows.
    if let next = read.passing(Self.from + ["form"], at: place) {
      place = read.skipping(["at", "from", "with"], at: next)
      isNamed = true
    }
    guard let (from, next) = read.moment(unitFirst(place)) else { return nil }
    guard let second = dash(next) ?? until(next), let (to, end) = read.moment(unitFirst(second))
    else { return nil }
    return bounds(from, to, end, unitAt: place, needsUnit: !isNamed)
  }

  /// "to", "until", "up to", "all the way to", "through to".
  private func until(_ index: Int) -> Int? {
    if let next = read.passing(["all"], ["the"], ["way"], Self.until, at: index) {
      return read.skipping(["to"], at: next)
    }
    let place = read.skipping(["up", "right", "on"], at: index)
    return read.passing(Self.until, at: place).map { read.skipping(["to"], at: $0) }
  }

  private func dash(_ index: Int) -> Int? { read.mark(index) == "-" ? index + 1 : nil }

  /// Joins two moments; a bare number takes the other's unit.
  private func bounds(
    _ from: TimeWords.Moment, _ to: TimeWords.Moment, _ next: Int, unitAt: Int, needsUnit: Bool
  ) -> Found? {
    var end = next
    var unit = 1.0
    if let given = read.unit(unitAt), read.number(unitAt + 1) != nil { unit = given }
    switch (from, to) {
    case (.bare, .bare):
      if needsUnit || read.isWord(end, in: Self.otherUnits) || read.mark(end) == "%" { return nil }
      return (.init(start: point(from, unit), end: point(to, unit)), read.ofSong(end))
    case (.bare(let value), .point(.fromStart(let seconds))):
      // "from 1 to 2 minutes", but "from 50 to 1:20".
      let isMinutes = read.unit(next - 1) == 60 && value * 60 < seconds
      unit = isMinutes ? 60 : 1
    case (.bare, .point) where needsUnit, (.point, .bare) where needsUnit: return nil
    default: break
    }
    if needsUnit, read.isWord(end, in: ["of"]), read.ofSong(end) == end { return nil }
    end = read.ofSong(end)
    return (.init(start: point(from, unit), end: point(to, unit)), end)
  }

  private func point(_ moment: TimeWords.Moment, _ unit: Double) -> TimePoint {
    switch moment {
    case .point(let point): point
    case .bare(let value): .fromStart(value * unit)
    }
  }

  // MARK: First and last

  /// "in the first ten seconds", "the last minute", "the second half", "the third minute".
  private func counted(_ index: Int) -> Found? {
    var place = read.skipping(["only", "just"], at: index)
    let hasPreposition = read.isWord(place, in: Self.prepositions)
    place = read.skipping(Self.prepositions, at: place)
    place = read.skipping(["very"], at: read.skipping(TimeWords.articles, at: place))
    let isFirst = read.isWord(place, in: ["first", "frist", "firts", "1st", "initial", "opening"])
    let isLast = read.isWord(place, in: ["last", "lst", "final", "closing", "finishing"])
    if isFirst || isLast {
      if let (seconds, next) = read.duration(place + 1, allowsBareUnit: true) {
        let region: TimeRegion =
          isFirst
          ? .init(start: .start, end: .fromStart(seconds))
          : .init(start: .fromEnd(seconds), end: .end)
        return (region, read.ofSong(next))
      }
      if let (share, next) = share(place + 1) {
        let region: TimeRegion =
          isFirst
          ? .init(start: .start, end: .fraction(share))
          : .init(start: .fraction(1 - share), end: .end)
        return (region, read.ofSong(next))
      }
    }
    guard hasPreposition else { return nil }
    if let next = read.passing(["middle"], at: place), let (share, end) = share(next), share < 0.5 {
      return (
        .init(start: .fraction((1 - share) / 2), end: .fraction((1 + share) / 2)), read.ofSong(end)
      )
    }
    guard let (count, next) = read.ordinal(place) else { return nil }
    if let unit = read.unit(next), unit == 60 {
      return (
        .init(start: .fromStart((count - 1) * unit), end: .fromStart(count * unit)),
        read.ofSong(next + 1)
      )
    }
    guard let (share, end) = share(next), share * count <= 1.001 else { return nil }
    let last = share * count
    return (
      .init(start: .fraction(last - share), end: last > 0.999 ? .end : .fraction(last)),
      read.ofSong(end)
    )
  }

  private func share(_ index: Int) -> (share: Double, next: Int)? {
    if read.isWord(index, in: ["half"]), read.unit(read.skipping(["a"], at: index + 1)) == nil {
      return (0.5, index + 1)
    }
    if read.isWord(index, in: ["third"]) { return (1.0 / 3, index + 1) }
    if read.isWord(index, in: ["quarter"]) { return (0.25, index + 1) }
    return nil
  }

  // MARK: A length from a moment

  /// "for ten seconds after 1:00", "for the next 5 s from 0:20", "for ten seconds".
  private func lasting(_ index: Int) -> Found? {
    guard let first = read.passing(["for", "during"], at: index) else { return nil }
    let place = read.skipping(["next", "following"], at: read.skipping(["the"], at: first))
    guard let (seconds, next) = read.duration(place) else { return nil }
    let start = read.skipping(["starting", "beginning", "start"], at: next)
    if let behind = read.passing(["from", "after", "at", "past"], at: start),
      let (moment, end) = read.moment(behind)
    {
      switch point(moment, 1) {
      case .fromStart(let from):
        return (.init(start: .fromStart(from), end: .fromStart(from + seconds)), end)
      case .fromEnd(let before) where before >= seconds:
        return (.init(start: .fromEnd(before), end: .fromEnd(before - seconds)), end)
      default: return nil
      }
    }
    return (.init(start: .start, end: .fromStart(seconds)), read.ofSong(next))
  }

  // MARK: One bound

  /// "after a minute", "from 0:30 on", "starting at 1:05", "at 0:40", "1:30 onwards", "20 seconds in".
  private func after(_ index: Int) -> Found? {
    if let first = read.passing(["after", "aftr", "past", "since"], at: index) {
      return openEnd(first, allowsBare: true)
    }
    if let first = read.passing(Self.from + ["form", "start", "begin"], at: index) {
      let place = read.skipping(["at", "from", "with", "after"], at: first)
      // "starting" and "beginning" also begin other sentences: then they need a moment with "at".
      guard let found = openEnd(place, allowsBare: read.word(index) == "from" || place > first)
      else { return nil }
      return found.region.isWhole || found.region.start == .end ? nil : found
    }
    let at = read.passing(["at", "@"], at: index) ?? (read.mark(index) == "@" ? index + 1 : nil)
    if let at, let found = openEnd(at, allowsBare: false), case .fromStart = found.region.start,
      found.region.start != .start
    {
      return found
    }
    guard let (moment, next) = read.moment(index), case .point(let start) = moment,
      case .fromStart(let seconds) = start, seconds > 0
    else { return nil }
    if let end = onward(next) { return (.init(start: start, end: .end), end) }
    let before = read.word(next - 1)
    let isPlaced = before == "in" || (before.map { TimeWords.song.contains($0) } ?? false)
    return isPlaced ? (.init(start: start, end: .end), next) : nil
  }

  private func openEnd(_ index: Int, allowsBare: Bool) -> Found? {
    if let first = counted(index), first.region.start == .start {
      return (.init(start: first.region.end, end: .end), onward(first.next) ?? first.next)
    }
    guard let (moment, next) = read.moment(unitFirst(index)) else { return nil }
    if case .bare = moment {
      guard allowsBare, !read.isWord(next, in: Self.otherUnits), read.mark(next) != "%",
        next >= tokens.count || read.mark(next) != nil || onward(next) != nil
      else { return nil }
    }
    let unit = index == unitFirst(index) ? 1 : read.unit(index) ?? 1
    return (.init(start: point(moment, unit), end: .end), onward(next) ?? read.ofSong(next))
  }

  private func onward(_ index: Int) -> Int? {
    if let next = read.passing(["and"], ["on", "onward", "onwards", "after"], at: index) {
      return next
    }
    if read.isWord(index, in: ["onward", "onwards", "forward", "forwards"]) { return index + 1 }
    // "on" ends the phrase, or it belongs to what follows ("on the drums").
    guard read.word(index) == "on", index + 1 >= tokens.count || read.mark(index + 1) != nil else {
      return nil
    }
    return index + 1
  }

  /// "until 0:40", "before the last ten seconds", "up to 1:15", "until the end".
  private func before(_ index: Int) -> Found? {
    let up = read.passing(["up"], ["to", "until", "till"], at: index)
    guard
      let first = up
        ?? read.passing(["until", "till", "til", "untill", "unitl", "before", "befor"], at: index)
    else { return nil }
    if let last = counted(first), last.region.end == .end {
      return (.init(start: .start, end: last.region.start), last.next)
    }
    guard let (moment, next) = read.moment(first) else { return nil }
    if case .bare = moment, read.isWord(next, in: Self.otherUnits) || read.mark(next) == "%" {
      return nil
    }
    let end = point(moment, 1)
    guard end != .start else { return nil }
    return (.init(start: .start, end: end), read.ofSong(next))
  }
}
