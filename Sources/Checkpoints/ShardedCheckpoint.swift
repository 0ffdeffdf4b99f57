import FoundationEssentials

/// A checkpoint in several files, as `transformers` and `diffusers` split large ones: an index names
/// the file of each tensor.
///
/// ```json
/// {"metadata": {"total_size": 8}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors"}}
/// ```
public final class ShardedCheckpoint: Checkpoint {
  static let indexEnding = ".index.json"
  static let maxIndexBytes = 100_000_000

  public let path: String
  public let tensors: [String: CheckpointTensor]
  /// The shards' file names, sorted.
  public let files: [String]

  /// - Parameter path: the index, `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
  /// - Throws: ``CheckpointError``; also when index and shards do not hold the same names.
  public init(path: String) throws {
    self.path = path
    func refuse(_ problem: String) -> CheckpointError { .malformed(file: path, problem: problem) }
    let places = try Self.weightMap(path)
    files = Set(places.values).sorted()
    let folder = URL(filePath: path).deletingLastPathComponent().path
    var found: [String: CheckpointTensor] = [:]
    for file in files {
      for (key, tensor) in try storedTensors(of: folder + "/" + file) {
        guard places[key] == file else {
          throw refuse("\(file) holds '\(key.prefix(120))', which the index does not place there")
        }
        found[key] = tensor
      }
    }
    for (key, file) in places where found[key] == nil {
      throw refuse("\(file) does not hold '\(key.prefix(120))'")
    }
    tensors = foldingWeightNorms(found)
  }

  static func weightMap(_ path: String) throws -> [String: String] {
    func refuse(_ problem: String) -> CheckpointError { .malformed(file: path, problem: problem) }
    let root = try JSONValue(file: path, maxBytes: maxIndexBytes)
    guard let members = root["weight_map"]?.object, !members.isEmpty else {
      throw refuse("it has no 'weight_map'")
    }
    return try members.mapValues {
      guard let file = $0.string, !file.isEmpty, !file.contains("/"), file != "..",
        !file.hasSuffix(indexEnding)
      else { throw refuse("'weight_map' holds something but file names of its folder") }
      return file
    }
  }
}
