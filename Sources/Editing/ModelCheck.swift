import Autoencoders
import Checkpoints
import Diffusion
import Editors
import Foundation
import Tensors
import TextEncoders
import Tokenizers
import Vocoders

/// What the check of a model's part found.
public struct PartReport: Sendable, Encodable {
  public let name: String
  public let className: String
  public let tensors: Int
  public let parameters: Int
  /// Element types, sorted.
  public let types: [String]
  /// Classes of a PyTorch file that were not built.
  public let notBuilt: [String]
  /// Whether the names and shapes are those that the config asks for; nil when the class is not known.
  public let namesFit: Bool?
}

/// Checks published models before they are used: each tensor is read, each file parsed, and the
/// names and shapes of known networks compared with their configs.
public enum ModelCheck {
  /// Checks all parts.
  ///
  /// - Throws: the first fault, as a `CheckpointError`, `TokenizerError` or `SchedulerError`.
  public static func check(_ model: PublishedModel) throws -> [PartReport] {
    try model.components.map { part in
      for file in part.files { try checkSmallFile(model.folder + "/" + file) }
      return try check(part)
    }
  }

  /// Checks a package of our own layout: the hashes and every tensor.
  public static func check(_ package: ModelPackage) throws -> [PartReport] {
    try package.verify()
    return try package.components.sorted { $0.key < $1.key }.compactMap { name, file in
      guard file.hasSuffix(".safetensors") else {
        try checkSmallFile(package.source + "/" + file)
        return nil
      }
      let checkpoint = try openCheckpoint(package.source + "/" + file)
      return try report(name, package.kind, checkpoint, namesFit: nil)
    }
  }

  private static func check(_ part: PublishedModel.Component) throws -> PartReport {
    guard let checkpoint = try part.checkpoint() else {
      return PartReport(
        name: part.name, className: part.className, tensors: 0, parameters: 0, types: [],
        notBuilt: [], namesFit: nil)
    }
    let found = try report(part.name, part.className, checkpoint, namesFit: nil)
    guard let build = networks[part.className], let config = part.config else { return found }
    try Precision.$current.withValue(.fp32) { try build(checkpoint, config) }
    return try report(part.name, part.className, checkpoint, namesFit: true)
  }

  private static func report(
    _ name: String, _ className: String, _ checkpoint: any Checkpoint, namesFit: Bool?
  ) throws -> PartReport {
    for (key, tensor) in checkpoint.tensors.sorted(by: { $0.key < $1.key }) {
      let bad = tensor.countNotFinite()
      guard bad == 0 else {
        throw CheckpointError.malformed(
          file: checkpoint.path, problem: "the tensor '\(key)' holds \(bad) NaN or infinite numbers"
        )
      }
    }
    return PartReport(
      name: name, className: className, tensors: checkpoint.tensors.count,
      parameters: checkpoint.tensors.values.reduce(0) { $0 + $1.count },
      types: Set(checkpoint.tensors.values.map(\.type.rawValue)).sorted(),
      notBuilt: (checkpoint as? TorchFile)?.placeholders ?? [], namesFit: namesFit)
  }

  /// Networks by the class that the publisher's library builds: each looks up all its tensors.
  private static let networks: [String: @Sendable (any Checkpoint, String) throws -> Void] = [
    "AutoencoderKL": survey { try AutoencoderKL($0, config: AutoencoderKLConfig($1)) },
    "UNet2DConditionModel": unet, "AudioLDM2UNet2DConditionModel": unet,
    "ClapTextModelWithProjection": clap, "ClapModel": clap,
    "GPT2Model": gpt2, "GPT2LMHeadModel": gpt2,
    "AudioLDM2ProjectionModel": survey { w, config in
      try AudioLDM2Projection(
        w, clapDim: config.size("text_encoder_dim"), t5Dim: config.size("text_encoder_1_dim"),
        // The published name.
        dim: config.size("langauge_model_dim"))
    },
    "SpeechT5HifiGan": survey { try HiFiGAN($0, config: HiFiGANConfig(speechT5: $1)) },
    "T5EncoderModel": t5, "T5ForConditionalGeneration": t5, "T5Model": t5,
    "Amphion AudioLDM": AUDIT.surveyUNet, "Amphion AutoencoderKL": AUDIT.surveyVAE,
    "Amphion HiFiGAN": survey {
      try HiFiGAN($0 / "generator", config: HiFiGANConfig(original: $1))
    },
  ]

  private static let unet = survey {
    try UNet2DConditionModel($0, config: UNet2DConditionConfig($1))
  }
  private static let clap = survey { try CLAPTextEncoder($0, config: CLAPTextConfig($1)) }
  private static let gpt2 = survey { try GPT2($0, config: GPT2Config($1)) }
  private static let t5 = survey { w, config in
    try T5Encoder(w, config: T5Config(contentsOf: URL(fileURLWithPath: config.place)))
  }

  private static func survey<Network>(
    _ build: @escaping @Sendable (WeightScope, PublishedConfig) throws -> Network
  ) -> @Sendable (any Checkpoint, String) throws -> Void {
    { checkpoint, path in
      let w = WeightScope(surveying: checkpoint)
      _ = try build(w, PublishedConfig(path: path))
      try w.finish()
    }
  }

  /// Tokenizers and schedulers are built, other JSON is parsed.
  public static func checkSmallFile(_ path: String) throws {
    switch URL(fileURLWithPath: path).lastPathComponent {
    case "tokenizer.json", "spiece.model": _ = try Tokenizer(path: path)
    case "merges.txt":
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      _ = try Tokenizer(folder: folder)
    case "scheduler_config.json":
      let json = try JSONValue(file: path, maxBytes: 4_000_000)
      _ = try SchedulerConfig(json: Data(json.text.utf8))
    case "args.json", "exp_config.json": _ = try PublishedConfig(relaxedJSON: path)
    case let name where name.hasSuffix(".json"):
      _ = try JSONValue(file: path, maxBytes: 100_000_000)
    default: break
    }
  }
}
