import Synchronization
import Tensors

/// A place in a checkpoint's tree of names, from which a network takes its weights.
///
/// ```swift
/// let w = try openCheckpoint(path).scope()
/// let linear = try (w / "gate").tensor("weight", [512, 256])   // the tensor "gate.weight"
/// try w.finish()                                               // nothing may be left over
/// ```
/// All scopes of one checkpoint share the record of what was taken.
public struct WeightScope: Sendable {
  private final class Ledger: Sendable {
    let taken = Mutex<Set<String>>([])
    /// What a survey found, instead of stopping at the first.
    let faults = Mutex<(missing: [String], misshapen: [String])>(([], []))
    /// Bytes of numbers that a survey may make up; nil when this is none.
    let surveyBytes: Int?

    init(surveyBytes: Int? = nil) { self.surveyBytes = surveyBytes }
  }

  private let file: any Checkpoint
  private let ledger: Ledger
  /// The names above this scope, joined by dots; empty at the root.
  public let prefix: String

  init(_ checkpoint: any Checkpoint) {
    file = checkpoint
    ledger = Ledger()
    prefix = ""
  }

  /// A scope that finds all that is missing, misshapen or left over, not only the first: absent
  /// tensors are given as zeros, and ``finish()`` throws when there was any. For a check of a
  /// checkpoint, not for use.
  public init(surveying checkpoint: any Checkpoint) {
    file = checkpoint
    let bytes = checkpoint.tensors.values.reduce(0) { $0 + $1.count * $1.type.byteCount }
    ledger = Ledger(surveyBytes: bytes)
    prefix = ""
  }

  private init(_ parent: WeightScope, _ name: String) {
    file = parent.file
    ledger = parent.ledger
    prefix = parent.key(name)
  }

  /// The scope below `name`, which may hold dots.
  public static func / (scope: WeightScope, name: String) -> WeightScope {
    WeightScope(scope, name)
  }

  /// The scope of element `index` of a list: `w / "layers" / 3`.
  public static func / (scope: WeightScope, index: Int) -> WeightScope {
    WeightScope(scope, String(index))
  }

  /// The file that the weights come from.
  public var path: String { file.path }

  /// The full name of `name` in this scope.
  public func key(_ name: String) -> String { prefix.isEmpty ? name : prefix + "." + name }

  /// Whether the file holds the tensor `name` here.
  public func has(_ name: String) -> Bool { file.tensors[key(name)] != nil }

  /// Takes a tensor: `f32` or `bf16` as stored (a view of the file), other precisions as `f32`.
  ///
  /// - Parameters:
  ///   - shape: the shape that the network gives it.
  ///   - hint: what to tell the user when it is missing or has another shape.
  /// - Throws: ``CheckpointError`` naming the tensor, the expected and the found shape.
  public func tensor(_ name: String, _ shape: [Int], hint: String = "") throws -> Tensor {
    do {
      let tensor = try file.tensor(key(name), shape, hint: hint)
      take(key(name))
      return tensor
    } catch let error as CheckpointError {
      return try makeUp(shape, for: error)
    }
  }

  /// Zeros in place of a tensor that is missing or has another shape, in a survey.
  private func makeUp(_ shape: [Int], for error: CheckpointError) throws -> Tensor {
    // A config that nobody vouches for may ask for more than any memory.
    guard let limit = ledger.surveyBytes else { throw error }
    let (count, overflow) = shape.reduce((1, false)) { product, extent in
      let (next, overflow) = product.0.multipliedReportingOverflow(by: extent)
      return (next, overflow || product.1)
    }
    guard !overflow, count <= limit / 4 else { throw error }
    switch error {
    case .missing(let key, _, _, _): ledger.faults.withLock { $0.missing.append(key) }
    case .shape(let key, _, let expected, let got, _):
      ledger.faults.withLock { $0.misshapen.append("\(key) \(got) for \(expected)") }
      take(key)
    default: throw error
    }
    return .zeros(shape)
  }

  /// Takes a tensor of whole numbers or booleans.
  ///
  /// - Throws: ``CheckpointError`` naming the tensor.
  public func integers(_ name: String, _ shape: [Int], hint: String = "") throws -> [Int] {
    let values = try file.integers(key(name), shape, hint: hint)
    take(key(name))
    return values
  }

  /// Counts everything in this scope whose full name ends in `.name` or is `name` as taken: for what
  /// published files hold beside the weights ("num_batches_tracked", tied copies).
  public func ignore(_ name: String) {
    for key in keys where key == self.key(name) || key.hasSuffix("." + name) { take(key) }
  }

  /// Counts everything in this scope as taken: for a part of a published file that is not used.
  public func ignoreAll() {
    for key in keys { take(key) }
  }

  /// Checks that everything in this scope was taken.
  ///
  /// - Throws: ``CheckpointError/unused(keys:file:)``; in a survey
  ///   ``CheckpointError/mismatch(file:missing:unexpected:misshapen:)``
  public func finish() throws {
    let taken = ledger.taken.withLock { $0 }
    let left = keys.filter { !taken.contains($0) }
    let faults = ledger.faults.withLock { $0 }
    if !faults.missing.isEmpty || !faults.misshapen.isEmpty {
      throw CheckpointError.mismatch(
        file: file.path, missing: faults.missing, unexpected: left, misshapen: faults.misshapen)
    }
    guard left.isEmpty else { throw CheckpointError.unused(keys: left, file: file.path) }
  }

  private var keys: [String] {
    file.keys.filter { prefix.isEmpty || $0 == prefix || $0.hasPrefix(prefix + ".") }
  }

  private func take(_ key: String) {
    ledger.taken.withLock { _ = $0.insert(key) }
  }
}
