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

  private let read: (String) throws -> Reading

  /// - Parameter read: the text model, called with one request without its region.
  public init(read: @escaping (String) throws -> Reading) { self.read = read }

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
          step.region = region
          // "i want to sing it myself, remove the vocals" asks for one thing twice.
          if step.operation == .add || !(steps.last.map(step.asksTheSame) ?? false) {
            steps.append(step)
          }
        }
      }
    }
    let notes = cut.vague.map {
      "'\($0)' names no time: the whole song is edited; name one, like 'from 0:30 to 1:00'"
    }
    return EditPlan(steps: steps, notes: notes)
  }

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
    guard try isRequest(read(cut.joined(before).text)) else { return false }
    let own = try read(clause.text)
    guard isRequest(own) else {
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

  private func isRequest(_ reading: Reading) -> Bool {
    guard reading.isUnderstood, let target = reading.target else { return false }
    return !Self.otherTargets.contains(target)
      || CleanUp.labels.contains(target) && [.remove, .extract].contains(reading.operation)
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
    let whole = try read(text)
    if group.count > 1, whole.operation != .replace, let listed = try list(cut, group) {
      return try steps(listed)
    }
    let misunderstood = InstructionError.notUnderstood(part: text, nearest: whole.nearest)
    guard whole.isUnderstood, let operation = whole.operation else {
      guard let core = try core(cut, group) else { throw misunderstood }
      return core
    }
    if operation == .replace {
      guard let target = whole.target, let second = whole.second else { throw misunderstood }
      let parts = try Replacement(text, target: target, second: second) { try read($0).target }
      let added = Self.plain(.add, parts.new, whole.attributes)
      return try [
        step(.remove, parts.old, whole, Self.plain(.remove, parts.old)),
        step(.add, parts.new, whole, added, whole.attributes),
      ]
    }
    guard let planned = operation.planned else {
      throw InstructionError.notSupported(
        part: text, what: operation.description, nearest: whole.nearest)
    }
    if planned == .superResolve {
      return [
        PlanStep(
          operation: planned, target: Self.highs, confidence: whole.confidence, text: text)
      ]
    }
    guard let target = whole.target else { throw misunderstood }
    if CleanUp.label(of: whole, text) != nil { return try cleaning(planned, target, whole, text) }
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

  /// The steps of the only clause that asks for something, beside explanations and small talk: "the
  /// mix is too busy for my taste, mute the drums". nil when there is none, or more than one.
  private func core(_ cut: CutInstruction, _ group: ClosedRange<Int>) throws -> [PlanStep]? {
    let asking = try group.filter {
      try cut.command($0) == .independent && isRequest(read(cut.clauses[$0].text))
    }
    guard group.count > 1, asking.count == 1 else { return nil }
    return try requests(cut, asking[0]...asking[0])
  }

  /// One step for each part that is to go, or one for all that stay.
  private func cleaning(
    _ operation: PlanOperation, _ target: String, _ reading: Reading, _ text: String
  ) throws -> [PlanStep] {
    let whole = try step(operation, target, reading, text)
    guard operation == .remove, !whole.also.isEmpty else { return [whole] }
    return ([whole.target] + whole.also).map {
      PlanStep(
        operation: operation, target: $0, confidence: reading.confidence,
        text: Self.plain(operation, $0))
    }
  }

  /// Further parts of a request that cleans are in the step's `also`.
  private func step(
    _ operation: PlanOperation, _ target: String, _ reading: Reading, _ text: String,
    _ attributes: [String] = []
  ) throws -> PlanStep {
    var named = reading
    named.target = target
    if let label = CleanUp.label(of: named, text), let asked = reading.operation {
      let parts = CleanUp.parts(in: text, label: label, operation: asked)
      return PlanStep(
        operation: operation, target: parts[0], also: Array(parts.dropFirst()),
        confidence: reading.confidence, text: text)
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
    guard isRequest(head), let operation = head.operation else { return nil }
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
      let fitting = candidates.filter { isRequest($0.reading) && $0.reading.operation == operation }
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
