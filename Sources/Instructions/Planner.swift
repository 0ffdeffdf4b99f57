/// What the text model reads in one request.
public struct Reading: Equatable, Sendable {
  /// nil: it asks for nothing we know.
  public var operation: RequestedOperation?
  /// nil: no part is named.
  public var target: String?
  /// What to replace by, or another part named beside the first.
  public var second: String?
  public var attributes: [String]
  /// 0 to 1.
  public var confidence: Double
  /// Whether operation and target are there as needed, and sure enough.
  public var isUnderstood: Bool
  /// The likeliest requests that can be carried out, as short instructions, best first.
  public var nearest: [String]

  public init(
    operation: RequestedOperation?, target: String?, second: String? = nil,
    attributes: [String] = [],
    confidence: Double, isUnderstood: Bool, nearest: [String] = []
  ) {
    self.operation = operation
    self.target = target
    self.second = second
    self.attributes = attributes
    self.confidence = confidence
    self.isUnderstood = isUnderstood
    self.nearest = nearest
  }
}

/// Turns an instruction into a plan: takes out the regions, finds the single requests, has each read
/// by the text model, and refuses what cannot be done.
public struct Planner {
  public static let maxCharacters = 1000
  /// Labels of the text model that are no musical part.
  static let otherTargets = ["speech", "music", "noise", "reverb", "other"]

  /// What a restored treble is called as the part of its step.
  static let highs = "highs"
  /// What an inpainted region is called as the part of its step.
  static let gap = "gap"

  private let read: (String) throws -> Reading

  /// - Parameter read: the text model, called with one request without its region.
  public init(read: @escaping (String) throws -> Reading) {
    self.read = { text in
      let reading = try read(text)
      return reading.isUnderstood ? reading : SoundEvents.plain(text) ?? reading
    }
  }

  /// - Throws: ``InstructionError``
  public func plan(_ instruction: String) throws -> EditPlan {
    guard instruction.count <= Self.maxCharacters else {
      throw InstructionError.tooLong(characters: instruction.count, limit: Self.maxCharacters)
    }
    let cut = try CutInstruction(instruction)
    guard !cut.clauses.isEmpty else { throw InstructionError.empty }
    var steps: [PlanStep] = []
    for group in try groups(of: cut) {
      let clause = cut.joined(group)
      let found = try requests(cut, group)
      let regions = clause.regions.isEmpty ? cut.leadingRegions : clause.regions
      for region in regions.isEmpty ? [nil] : regions.map(Optional.some) {
        for var step in found {
          step.region = region ?? Self.place(of: step, cut.vague)
          // "i want to sing it myself, remove the vocals" asks for one thing twice.
          if step.operation == .add || !(steps.last.map(step.asksTheSame) ?? false) {
            steps.append(step)
          }
        }
      }
    }
    if steps.contains(where: { $0.operation == .remix }) {
      // "keep the vocals and change the band to folk": a remix keeps them anyway.
      steps.removeAll { $0.operation == .extract && $0.target == MusicParts.voice }
    }
    let placed = steps.contains { Self.place(of: $0, cut.vague) != nil }
    let notes =
      placed
      ? []
      : cut.vague.map {
        "'\($0)' names no time: the whole song is edited; name one, like 'from 0:30 to 1:00'"
      }
    return EditPlan(steps: steps, notes: notes)
  }

  /// Where a sound that happens once goes, when its place is named without a time.
  private static func place(of step: PlanStep, _ vague: [String]) -> TimeRegion? {
    guard step.operation == .add, SoundEvents.names.contains(step.target) else { return nil }
    let words = vague.flatMap { tokens(of: $0).compactMap(\.word) }
    if words.contains(where: TimeWords.startNames.contains) {
      return TimeRegion(start: .start, end: .fromStart(eventSeconds))
    }
    return words.contains(where: TimeWords.endNames.contains)
      ? TimeRegion(start: .fromEnd(eventSeconds), end: .end) : nil
  }

  /// Length of "the beginning" and "the end" for an event, seconds.
  private static let eventSeconds = 5.0

  // MARK: Which clauses belong together

  private func groups(of cut: CutInstruction) throws -> [ClosedRange<Int>] {
    var groups = [0...0]
    for index in cut.clauses.indices.dropFirst() {
      let current = groups[groups.count - 1]
      if try isSeparate(cut, current, index) {
        groups.append(index...index)
      } else {
        groups[groups.count - 1] = current.lowerBound...index
      }
    }
    return groups
  }

  /// Whether clause `index` is a request of its own beside the clauses before it.
  ///
  /// - Throws: ``InstructionError/notUnderstood(part:nearest:)`` for one that asks, beside a request
  ///   that is understood, for something that is not: it must not be dropped silently.
  private func isSeparate(
    _ cut: CutInstruction, _ before: ClosedRange<Int>, _ index: Int
  ) throws -> Bool {
    let clause = cut.clauses[index]
    let command = cut.command(index)
    guard command == .independent || command == .none && clause.separator == .strong else {
      return false
    }
    guard try isRequest(cut.joined(before).text) else { return false }
    let own = try read(clause.text)
    guard try isRequest(clause.text) else {
      if command == .none { return false }
      if own.isUnderstood { return true }
      throw InstructionError.notUnderstood(part: clause.text, nearest: own.nearest)
    }
    // "take out the guitar and put strings in its place" is one replacement.
    let both = try read(cut.joined(before.lowerBound...index).text)
    return
      !(both.isUnderstood && both.operation == .replace && both.second != nil
      && clause.regions.isEmpty && before.count == 1)
  }

  private func isRequest(_ text: String) throws -> Bool {
    let reading = try read(text)
    guard reading.isUnderstood else { return false }
    if reading.operation?.planned?.namesPart == false { return true }
    guard let target = reading.target else { return false }
    return !Self.otherTargets.contains(target) || SoundParts.named(reading, text) != nil
  }

  // MARK: What a request asks for

  /// The steps of the clauses `group`, which are one request, without regions.
  private func requests(
    _ cut: CutInstruction, _ group: ClosedRange<Int>
  ) throws -> [PlanStep] {
    let text = cut.joined(group).text
    if CleanUp.isGeneral(text) {
      return [PlanStep(operation: .remove, target: "noise", confidence: 1, text: text)]
    }
    var whole = try read(text)
    if Self.isBehind(text), !whole.attributes.contains("loud"), !whole.attributes.contains("soft") {
      whole.attributes.append("soft")
    }
    if group.count > 1, whole.operation != .replace, let listed = try list(cut, group) {
      return listed[0].reading.operation == .remix
        ? [try Remix.step(of: listed.map(\.reading), text)] : try steps(listed)
    }
    let misunderstood = InstructionError.notUnderstood(part: text, nearest: whole.nearest)
    guard whole.isUnderstood, let operation = whole.operation else {
      guard let core = try core(cut, group) else { throw misunderstood }
      return core
    }
    if operation == .replace {
      guard let target = whole.target, let second = whole.second else { throw misunderstood }
      let parts = try Replacement(text, target: target, second: second) { try read($0).target }
      func request(_ operation: PlanOperation, _ target: String, _ words: String) -> String {
        let said = "\(operation.rawValue) \(words)"
        return SoundParts.named(Self.reading(whole, of: target, operation), said) == nil
          ? Self.plain(operation, target, whole.attributes) : said
      }
      let removal = try step(.remove, parts.old, whole, request(.remove, parts.old, parts.oldWords))
      var addition = try step(
        .add, parts.new, whole, request(.add, parts.new, parts.newWords), whole.attributes)
      if MusicParts.isPitched(removal.target), MusicParts.isPitched(addition.target) {
        addition.following = removal.target
      }
      return [removal, addition]
    }
    if operation == .remix { return [try Remix.step(of: [whole], text)] }
    guard let planned = operation.planned else {
      throw InstructionError.notSupported(
        part: text, what: operation.description, nearest: whole.nearest)
    }
    guard planned.namesPart else {
      return [
        PlanStep(
          operation: planned, target: planned == .inpaint ? Self.gap : Self.highs,
          confidence: whole.confidence, text: text)
      ]
    }
    guard let target = whole.target else { throw misunderstood }
    if let parts = SoundParts.named(whole, text) {
      return sounding(planned, parts, whole, text)
    }
    guard let second = whole.second, second != target else {
      return try [step(planned, target, whole, text, whole.attributes)]
    }
    if planned == .extract {
      var both = try step(planned, target, whole, text, whole.attributes)
      both.also = try [step(planned, second, whole, text).target]
      return [both]
    }
    return try [target, second].map {
      try step(planned, $0, whole, Self.plain(planned, $0, whole.attributes), whole.attributes)
    }
  }

  /// Whether something is asked for as a background.
  private static func isBehind(_ text: String) -> Bool {
    let words = tokens(of: text).compactMap(\.word)
    return words.contains("background") && words.contains("in")
  }

  /// The steps of the only clause that asks for something, beside explanations and small talk: "the
  /// mix is too busy for my taste, mute the drums". nil when there is none, or more than one.
  private func core(_ cut: CutInstruction, _ group: ClosedRange<Int>) throws -> [PlanStep]? {
    let asking = try group.filter {
      try cut.command($0) == .independent && isRequest(cut.clauses[$0].text)
    }
    guard group.count > 1, asking.count == 1 else { return nil }
    return try requests(cut, asking[0]...asking[0])
  }

  /// One step for each sound that is to go or to come, or one for all that stay.
  private func sounding(
    _ operation: PlanOperation, _ parts: [String], _ reading: Reading, _ text: String
  ) -> [PlanStep] {
    guard operation != .extract, parts.count > 1 else {
      return [
        PlanStep(
          operation: operation, target: parts[0], also: Array(parts.dropFirst()),
          attributes: reading.attributes, confidence: reading.confidence, text: text)
      ]
    }
    return parts.map {
      PlanStep(
        operation: operation, target: $0, attributes: reading.attributes,
        confidence: reading.confidence, text: Self.plain(operation, $0, reading.attributes))
    }
  }

  /// Further sounds of a recording are in the step's `also`.
  private func step(
    _ operation: PlanOperation, _ target: String, _ reading: Reading, _ text: String,
    _ attributes: [String] = []
  ) throws -> PlanStep {
    if let parts = SoundParts.named(Self.reading(reading, of: target, operation), text) {
      return PlanStep(
        operation: operation, target: parts[0], also: Array(parts.dropFirst()),
        attributes: attributes, confidence: reading.confidence, text: text)
    }
    guard !Self.otherTargets.contains(target) else {
      let name = target == "other" ? "a sound that is no instrument known here" : target
      throw InstructionError.notSupported(
        part: text, what: "\(operation.rawValue) \(name)", nearest: reading.nearest)
    }
    return PlanStep(
      operation: operation, target: target, attributes: attributes, confidence: reading.confidence,
      text: text)
  }

  /// A reading as if it had asked for one part.
  private static func reading(
    _ reading: Reading, of target: String, _ operation: PlanOperation
  ) -> Reading {
    var named = reading
    (named.target, named.operation) = (target, RequestedOperation(rawValue: operation.rawValue))
    return named
  }

  /// A short instruction for one part, as the text model has seen many.
  static func plain(_ operation: PlanOperation, _ target: String, _ attributes: [String] = [])
    -> String
  {
    operation == .add
      ? (["add"] + attributes + [target]).joined(separator: " ")
      : "\(operation.rawValue) the \(target)"
  }

  // MARK: Lists

  /// "remove the drums, the bass and the piano": each item is read in the place of the first one.
  /// nil when the clauses are no such list.
  private func list(
    _ cut: CutInstruction, _ group: ClosedRange<Int>
  ) throws -> [(text: String, reading: Reading)]? {
    let first = cut.clauses[group.lowerBound].text
    let head = try read(first)
    guard try isRequest(first), let operation = head.operation else { return nil }
    var found = [(text: first, reading: head)]
    let words = first.split(separator: " ")
    for index in group.dropFirst() {
      guard cut.isListItem(index) else { return nil }
      let item = cut.clauses[index].text
      // The verb is some beginning of the first clause; the likeliest one is taken.
      let candidates = try (1..<max(2, min(words.count, 8))).map { count in
        let text = (words.prefix(count) + [Substring(item)]).joined(separator: " ")
        return (text: text, reading: try read(text))
      }
      let fitting = try candidates.filter {
        try isRequest($0.text) && $0.reading.operation == operation
      }
      guard let best = fitting.max(by: { $0.reading.confidence < $1.reading.confidence }) else {
        return nil
      }
      found.append(best)
    }
    let targets = found.compactMap(\.reading.target)
    return Set(targets).count == targets.count ? found : nil
  }

  private func steps(_ list: [(text: String, reading: Reading)]) throws -> [PlanStep] {
    let all = try list.compactMap { text, reading -> PlanStep? in
      guard let asked = reading.operation, let target = reading.target else { return nil }
      guard let operation = asked.planned else {
        throw InstructionError.notSupported(
          part: text, what: asked.description, nearest: reading.nearest)
      }
      return try step(operation, target, reading, text, reading.attributes)
    }
    guard var first = all.first, first.operation == .extract else { return all }
    first.also = all.dropFirst().map(\.target)
    first.text = list.map(\.text).joined(separator: " and ")
    first.confidence = all.map(\.confidence).min() ?? first.confidence
    return [first]
  }
}
