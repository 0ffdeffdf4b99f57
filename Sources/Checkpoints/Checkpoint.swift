import Tensors

/// Named tensors of a file or of several, whatever their format.
///
/// The directory is read and checked when it is opened, the data when a tensor is asked for. Pairs
/// of a weight normalisation appear as the one weight that they stand for.
public protocol Checkpoint: AnyObject, Sendable {
  /// What messages call it: the path that was opened.
  var path: String { get }
  var tensors: [String: CheckpointTensor] { get }
}

extension Checkpoint {
  /// The names of all tensors, sorted.
  public var keys: [String] { tensors.keys.sorted() }

  /// All tensors, for a network to take its weights from.
  public func scope() -> WeightScope { WeightScope(self) }

  /// The numbers of a tensor: `f32` and `bf16` as views of the mapped file where they lie in order,
  /// half and double precision converted to `f32`.
  ///
  /// - Parameters:
  ///   - key: the tensor's full name.
  ///   - shape: the shape that it must have.
  ///   - hint: what to tell the user when the tensor is missing or has another shape.
  /// - Throws: ``CheckpointError`` naming the tensor.
  public func tensor(_ key: String, _ shape: [Int], hint: String = "") throws -> Tensor {
    let found = try find(key, shape, hint)
    guard let numbers = found.numbers() else {
      throw CheckpointError.type(
        key: key, file: path, expected: "F64, F32, F16 or BF16", got: found.type.rawValue)
    }
    return numbers
  }

  /// The whole numbers of a tensor of type BOOL, I8, U8, I16, I32 or I64.
  ///
  /// - Throws: ``CheckpointError`` naming the tensor.
  public func integers(_ key: String, _ shape: [Int], hint: String = "") throws -> [Int] {
    let found = try find(key, shape, hint)
    guard let integers = found.integers() else {
      throw CheckpointError.type(
        key: key, file: path, expected: "BOOL, I8, U8, I16, I32 or I64", got: found.type.rawValue)
    }
    return integers
  }

  private func find(_ key: String, _ shape: [Int], _ hint: String) throws -> CheckpointTensor {
    guard let found = tensors[key] else {
      throw CheckpointError.missing(
        key: key, file: path, expected: shape, hint: hint.isEmpty ? nearest(key) : hint)
    }
    guard found.shape == shape else {
      throw CheckpointError.shape(
        key: key, file: path, expected: shape, got: found.shape, hint: hint)
    }
    return found
  }

  /// The name that shares most with `key`, as a hint.
  private func nearest(_ key: String) -> String {
    func shared(_ other: String) -> Int {
      let front = zip(key.utf8, other.utf8).prefix { $0 == $1 }.count
      let back = zip(key.utf8.reversed(), other.utf8.reversed()).prefix { $0 == $1 }.count
      return front + back
    }
    guard let best = keys.max(by: { shared($0) < shared($1) }) else {
      return "it holds none at all"
    }
    return "the nearest is '\(best)'"
  }
}

/// Opens a checkpoint in any format that this program reads: safetensors, PyTorch's zip and legacy
/// formats, and the index of a sharded one of either (`….index.json`). The first bytes tell which.
///
/// - Throws: ``CheckpointError``
public func openCheckpoint(_ path: String) throws -> any Checkpoint {
  if path.hasSuffix(ShardedCheckpoint.indexEnding) { return try ShardedCheckpoint(path: path) }
  return try TorchFile.isTorch(path) ? TorchFile(path: path) : SafetensorsFile(path: path)
}

/// The tensors of one file as they lie in it, pairs of weight norms apart.
func storedTensors(of path: String) throws -> [String: CheckpointTensor] {
  try TorchFile.isTorch(path) ? TorchFile(path: path).stored : SafetensorsFile(path: path).stored
}
