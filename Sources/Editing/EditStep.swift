/// What a step does with its target.
public enum EditOperation: String, Sendable, Codable, CaseIterable {
  case add, remove, extract
}

/// One step of a plan, ready to be done.
public struct EditStep: Sendable, Equatable {
  public var operation: EditOperation
  /// The instrument, by its canonical name.
  public var target: String
  /// Words of the instruction that describe the sound: "soft", "distorted".
  public var attributes: [String]
  public var region: TimeRange?
  public var confidence: Double
  /// The text for the models.
  public var prompt: String

  public init(
    _ operation: EditOperation, _ target: String, attributes: [String] = [],
    region: TimeRange? = nil, confidence: Double = 1, prompt: String? = nil
  ) {
    self.operation = operation
    self.target = target
    self.attributes = attributes
    self.region = region
    self.confidence = confidence
    self.prompt =
      prompt ?? "\(operation.rawValue) \((attributes + [target]).joined(separator: " "))"
  }
}
