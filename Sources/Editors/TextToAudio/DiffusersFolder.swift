import Checkpoints
import FoundationEssentials
import Tokenizers

/// A model as `diffusers` and `transformers` save it: a folder for each part, with its `config.json`
/// and its weights.
public struct DiffusersFolder: Sendable {
  public let path: String
  /// The pipeline's class, from `model_index.json`.
  public let pipeline: String

  /// - Throws: `CheckpointError` when there is no usable `model_index.json`.
  public init(path: String) throws {
    self.path = path
    pipeline = try PublishedConfig(path: path + "/model_index.json").text("_class_name")
  }

  /// `config.json` of a part.
  public func config(_ part: String) throws -> PublishedConfig {
    try PublishedConfig(path: "\(path)/\(part)/config.json")
  }

  /// The scheduler's settings.
  public func scheduler() throws -> Data {
    let file = path + "/scheduler/scheduler_config.json"
    do {
      return try Data(contentsOf: URL(filePath: file))
    } catch {
      throw CheckpointError.unreadable(file: file, reason: "there is no readable file")
    }
  }

  /// The tokenizer of a part.
  ///
  /// - Throws: `TokenizerError`
  public func tokenizer(_ part: String) throws -> Tokenizer {
    try Tokenizer(folder: "\(path)/\(part)")
  }

  /// Builds a part from its weights and checks that it took every tensor.
  ///
  /// - Throws: `CheckpointError`
  public func load<Network>(
    _ part: String, _ make: (WeightScope, PublishedConfig) throws -> Network
  ) throws -> Network {
    let weights = try openCheckpoint(try weightFile(part)).scope()
    let network = try make(weights, try config(part))
    try weights.finish()
    return network
  }

  private func weightFile(_ part: String) throws -> String {
    let folder = "\(path)/\(part)/"
    guard let name = PublishedModel.weightFile(in: folder) else {
      throw CheckpointError.package(
        folder: path,
        problem: "'\(part)' holds no weights (diffusion_pytorch_model.safetensors, …)",
        hint: "fetch it again with all its files")
    }
    return folder + name
  }
}
