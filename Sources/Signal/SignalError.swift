/// A layout that cannot be computed.
public enum SignalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `field` of a layout holds `got`, where `expected` is required.
  case invalidLayout(field: String, got: String, expected: String)

  public var description: String {
    switch self {
    case .invalidLayout(let field, let got, let expected):
      return "spectrogram layout: \(field) is \(got); expected \(expected)"
    }
  }
}

/// Throws unless `holds`.
func require(
  _ holds: Bool, _ field: String, _ got: some CustomStringConvertible, _ expected: String
) throws {
  if !holds {
    throw SignalError.invalidLayout(field: field, got: got.description, expected: expected)
  }
}
