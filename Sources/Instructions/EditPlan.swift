/// What an instruction can ask for. The raw values are the labels of the text model.
public enum RequestedOperation: String, Sendable {
  case add, remove, extract, replace, remix, inpaint
  case superResolve = "superres"

  /// The step that does it, if one step does.
  public var planned: PlanOperation? { PlanOperation(rawValue: rawValue) }

  /// In a sentence: "asks for …".
  var description: String {
    switch self {
    case .add: "adding a part"
    case .remove: "removing a part"
    case .extract: "extracting a part"
    case .replace: "replacing a part"
    case .remix: "a remix"
    case .inpaint: "filling a gap"
    case .superResolve: "a restored treble"
    }
  }
}

/// What a step of a plan does. A replacement is two steps.
public enum PlanOperation: String, Codable, Sendable, CaseIterable {
  case add, remove, extract, remix, inpaint
  case superResolve = "superres"

  /// As people say it.
  public var verb: String {
    switch self {
    case .superResolve: "restore the"
    case .inpaint: "fill the"
    default: rawValue
    }
  }

  /// Whether it makes something new.
  public var adds: Bool { self == .add || self == .remix }

  /// Whether it is done to a part of the sound that is named.
  public var namesPart: Bool { self != .superResolve && self != .inpaint }
}

/// One edit of a song.
public struct PlanStep: Equatable, Sendable {
  public var operation: PlanOperation
  /// The part, by the text model's label: "drums", "acoustic guitar".
  public var target: String
  /// Further parts of the same edit: "only the drums and the bass" extracts both together.
  public var also: [String]
  /// The part whose notes an added one plays, as in a replacement; nil: what suits the song.
  public var following: String?
  /// How it should sound, by the text model's labels: "soft", "jazz".
  public var attributes: [String]
  /// Where; nil is the whole song.
  public var region: TimeRegion?
  /// 0 to 1: how sure the text model is of operation and target.
  public var confidence: Double
  /// The words that ask for this step, without its region: what the editing networks read.
  public var text: String

  public init(
    operation: PlanOperation, target: String, also: [String] = [], following: String? = nil,
    attributes: [String] = [], region: TimeRegion? = nil, confidence: Double, text: String
  ) {
    self.operation = operation
    self.target = target
    self.also = also
    self.following = following
    self.attributes = attributes
    self.region = region
    self.confidence = confidence
    self.text = text
  }

  /// Whether it is the same edit of the same place, in whatever words.
  package func asksTheSame(as other: PlanStep) -> Bool {
    operation == other.operation && target == other.target && also == other.also
      && following == other.following && region == other.region
  }
}

extension PlanStep: Codable {
  private enum CodingKeys: String, CodingKey {
    case operation, target, also, following, attributes, region, confidence, text
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    operation = try values.decode(PlanOperation.self, forKey: .operation)
    target = try values.decode(String.self, forKey: .target)
    also = try values.decodeIfPresent([String].self, forKey: .also) ?? []
    following = try values.decodeIfPresent(String.self, forKey: .following)
    attributes = try values.decode([String].self, forKey: .attributes)
    region = try values.decodeIfPresent(TimeRegion.self, forKey: .region)
    confidence = try values.decode(Double.self, forKey: .confidence)
    text = try values.decodeIfPresent(String.self, forKey: .text) ?? ""
  }

  /// Always writes `region`, as `null` for the whole song; `also` only when there is more than one
  /// part, `following` only where a part is followed.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(operation, forKey: .operation)
    try values.encode(target, forKey: .target)
    if !also.isEmpty { try values.encode(also, forKey: .also) }
    try values.encodeIfPresent(following, forKey: .following)
    try values.encode(attributes, forKey: .attributes)
    if let region {
      try values.encode(region, forKey: .region)
    } else {
      try values.encodeNil(forKey: .region)
    }
    try values.encode((confidence * 1000).rounded() / 1000, forKey: .confidence)
    try values.encode(text, forKey: .text)
  }
}

/// The edits that an instruction asks for, in order.
public struct EditPlan: Equatable, Sendable {
  public var steps: [PlanStep]
  /// What the user should know before the edit, one sentence each.
  public var notes: [String]

  public init(steps: [PlanStep], notes: [String] = []) {
    self.steps = steps
    self.notes = notes
  }

  /// The plan with each region in seconds of a song of this length, cut to it.
  ///
  /// - Throws: ``InstructionError/region(_:)``
  public func resolved(durationSeconds: Double) throws -> EditPlan {
    var plan = self
    for index in steps.indices {
      guard let region = try steps[index].region?.resolved(durationSeconds: durationSeconds) else {
        continue
      }
      plan.steps[index].region = TimeRegion(
        start: .fromStart(region.lowerBound), end: .fromStart(region.upperBound))
    }
    return plan
  }
}

extension EditPlan: Codable {
  private enum CodingKeys: String, CodingKey { case steps, notes }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    steps = try values.decode([PlanStep].self, forKey: .steps)
    notes = try values.decodeIfPresent([String].self, forKey: .notes) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(steps, forKey: .steps)
    if !notes.isEmpty { try values.encode(notes, forKey: .notes) }
  }
}
