/// What can be wrong with a weight file or a model package: what, where, and what to do, in one line.
public enum CheckpointError: Error, Equatable, Sendable {
  /// The file cannot be opened, mapped or read.
  case unreadable(file: String, reason: String)
  /// The bytes are not what the format asks for.
  case malformed(file: String, problem: String)
  /// A sound file of a kind that this program does not read.
  case unsupported(file: String, what: String, hint: String)
  /// A network asked for a tensor that the file does not hold.
  case missing(key: String, file: String, expected: [Int], hint: String)
  /// A tensor has another shape than the network has.
  case shape(key: String, file: String, expected: [Int], got: [Int], hint: String)
  /// A tensor is stored as a type that cannot be used for what was asked.
  case type(key: String, file: String, expected: String, got: String)
  /// All that does not fit a network: names without a tensor, tensors without a use, other shapes.
  case mismatch(file: String, missing: [String], unexpected: [String], misshapen: [String])
  /// Tensors that no part of the network took.
  case unused(keys: [String], file: String)
  /// The package's `model.json`, or a file that it names, is wrong.
  case package(folder: String, problem: String, hint: String)
  /// A file of a package is not the one that its `model.json` was written for.
  case hash(file: String, expected: String, got: String)
  /// A LoRA cannot be applied.
  case adapter(file: String, problem: String, hint: String)
  /// No installed package answers the request.
  case notInstalled(model: String, searched: [String])
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "cannot read \(file): \(reason)"
    case .malformed(let file, let problem):
      return "\(file) is damaged or not what its name says: \(problem); fetch or export it again"
    case .unsupported(let file, let what, let hint):
      return "\(file) \(what); \(hint)"
    case .missing(let key, let file, let expected, let hint):
      return "\(file) has no tensor '\(key)' (expected shape \(expected))"
        + (hint.isEmpty ? "" : "; \(hint)")
    case .shape(let key, let file, let expected, let got, let hint):
      return "tensor '\(key)' in \(file) has shape \(got), expected \(expected)"
        + (hint.isEmpty ? "" : "; \(hint)")
    case .type(let key, let file, let expected, let got):
      return "tensor '\(key)' in \(file) is \(got), expected \(expected); export it again"
    case .mismatch(let file, let missing, let unexpected, let misshapen):
      let parts = [
        ("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen),
      ]
      .filter { !$0.1.isEmpty }.map { "\($0.1.count) \($0.0): \(Self.some($0.1))" }
      return "\(file) does not fit its config: tensors " + parts.joined(separator: "; ")
    case .unused(let keys, let file):
      return "\(file) holds tensors that this model does not use: \(Self.some(keys));"
        + " it was made for another model or version"
    case .package(let folder, let problem, let hint):
      return "model package \(folder): \(problem)" + (hint.isEmpty ? "" : "; \(hint)")
    case .hash(let file, let expected, let got):
      return "\(file) has sha256 \(got.prefix(12))…, its model.json says \(expected.prefix(12))…;"
        + " the file was changed or damaged, install the model package again"
    case .adapter(let file, let problem, let hint):
      return "LoRA \(file): \(problem); \(hint)"
    case .notInstalled(let model, let searched):
      return "no model package '\(model)' found in \(searched.joined(separator: ", "));"
        + " install it there or name its folder with --model DIR or AEDIT_MODELS"
    }
  }

  /// The first few of a list.
  private static func some(_ keys: [String]) -> String {
    keys.prefix(4).map { "'\($0)'" }.joined(separator: ", ")
      + (keys.count > 4 ? " and \(keys.count - 4) more" : "")
  }
}
