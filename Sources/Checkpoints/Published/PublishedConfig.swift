import FoundationEssentials

/// A published model's `config.json`, read field by field: each value is checked as it is taken, so
/// that no size of a file that nobody vouches for reaches an allocation or a division unchecked.
///
/// `null` counts as left out, as the publishers' libraries write their defaults.
public struct PublishedConfig: Sendable {
  static let maxBytes = 4_000_000

  package let members: [String: JSONValue]
  /// The file, and the place in it where this is a part.
  public let place: String

  public init(_ members: [String: JSONValue], place: String) {
    (self.members, self.place) = (members, place)
  }

  /// Reads a JSON file whose root is an object.
  ///
  /// - Throws: ``CheckpointError/unreadable(file:reason:)`` or
  ///   ``CheckpointError/malformed(file:problem:)``
  public init(path: String) throws {
    guard let members = try JSONValue(file: path, maxBytes: Self.maxBytes).object else {
      throw CheckpointError.malformed(file: path, problem: "it is no JSON object")
    }
    self.init(members, place: path)
  }

  private func refuse(_ key: String, _ problem: String) -> CheckpointError {
    .malformed(file: place, problem: "'\(key)' \(problem)")
  }

  /// The value of a field, nil when it is left out or `null`.
  public func value(_ key: String) -> JSONValue? {
    let value = members[key]
    return value == .null ? nil : value
  }

  /// A whole number within `range`.
  public func size(
    _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int> = 1...1_000_000
  ) throws -> Int {
    guard let value = value(key) else {
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    }
    return try whole(value, key, range)
  }

  private func whole(_ value: JSONValue, _ key: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let number = value.integer, range.contains(number) else {
      throw refuse(
        key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A list of one to 64 whole numbers.
  ///
  /// - Parameter count: a lone number stands for a list of this many.
  public func sizes(
    _ key: String, default fallback: [Int]? = nil, count: Int? = nil,
    in range: ClosedRange<Int> = 1...1_000_000
  ) throws -> [Int] {
    guard let value = value(key) else {
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    }
    if let count, value.integer != nil {
      return [Int](repeating: try whole(value, key, range), count: count)
    }
    guard let items = value.array, (1...64).contains(items.count),
      count == nil || items.count == count
    else {
      throw refuse(key, "must be a list of \(count.map { "\($0)" } ?? "1 to 64") whole numbers")
    }
    return try items.map { try whole($0, key, range) }
  }

  /// A list of lists of whole numbers, such as the dilations of residual blocks.
  public func sizeLists(
    _ key: String, default fallback: [[Int]]? = nil, in range: ClosedRange<Int> = 1...1_000_000
  ) throws -> [[Int]] {
    guard let value = value(key) else {
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    }
    guard let items = value.array, (1...64).contains(items.count) else {
      throw refuse(key, "must be a list of lists")
    }
    return try items.map { item in
      guard let row = item.array, (1...64).contains(row.count) else {
        throw refuse(key, "must be a list of lists of whole numbers")
      }
      return try row.map { try whole($0, key, range) }
    }
  }

  /// A finite number.
  public func number(_ key: String, default fallback: Double? = nil) throws -> Double {
    switch value(key) {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    case nil:
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    default: throw refuse(key, "must be a number")
    }
  }

  public func flag(_ key: String, default fallback: Bool? = nil) throws -> Bool {
    switch value(key) {
    case .bool(let value): return value
    case nil:
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    default: throw refuse(key, "must be true or false")
    }
  }

  public func text(_ key: String, default fallback: String? = nil) throws -> String {
    switch value(key) {
    case .string(let value): return value
    case nil:
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    default: throw refuse(key, "must be a text")
    }
  }

  public func texts(_ key: String, default fallback: [String]? = nil) throws -> [String] {
    guard let value = value(key) else {
      guard let fallback else { throw refuse(key, "is missing") }
      return fallback
    }
    guard let items = value.array, items.count <= 64 else { throw refuse(key, "must be a list") }
    return try items.map {
      guard let text = $0.string else { throw refuse(key, "must be a list of texts") }
      return text
    }
  }

  /// The part `key`, an object.
  public func section(_ key: String) throws -> PublishedConfig {
    guard let part = value(key)?.object else { throw refuse(key, "must be an object") }
    return PublishedConfig(part, place: "\(place) ('\(key)')")
  }

  /// Refuses a field whose value asks for arithmetic that is not there.
  ///
  /// - Parameter allowed: the values that are; a field that is left out passes.
  public func expect(_ key: String, _ allowed: JSONValue...) throws {
    guard let value = value(key), !allowed.contains(value) else { return }
    let wanted = allowed.map(\.text).joined(separator: " or ")
    throw refuse(key, "is \(value.text.prefix(80)); only \(wanted) is supported")
  }

  /// Refuses sizes that do not fit together.
  public func check(_ holds: Bool, _ key: String, _ problem: String) throws {
    if !holds { throw refuse(key, problem) }
  }
}
