import Checkpoints
import Layers
import Tensors
import TextEncoders
import Tokenizers

/// AudioLDM (2301.12503) and MusicLDM (2308.01546): mel latent diffusion led by CLAP's embedding of
/// the text, which is put beside the timestep's vector; the U-Net's transformers attend to the
/// picture itself.
///
/// Source: `AudioLDMPipeline`, `MusicLDMPipeline` in huggingface/diffusers.
public struct AudioLDM: MelLatentDiffusionModel {
  public let parts: MelLatentDiffusion
  /// The pipelines' own: AudioLDM 10 steps and a guidance of 2.5, MusicLDM 200 and 2.
  public let defaults: SamplingSettings
  private let text: CLAPTextEncoder
  private let tokenizer: Tokenizer

  /// The pipelines that it runs.
  public static let pipelines = ["AudioLDMPipeline", "MusicLDMPipeline"]

  /// - Throws: `CheckpointError`, `TokenizerError` or `SchedulerError`; also when the parts do not
  ///   fit each other.
  public init(_ folder: DiffusersFolder) throws {
    precondition(Self.pipelines.contains(folder.pipeline), folder.pipeline)
    tokenizer = try folder.tokenizer("tokenizer")
    parts = try MelLatentDiffusion(folder)
    text = try folder.load("text_encoder") { try CLAPTextEncoder($0, config: CLAPTextConfig($1)) }
    defaults =
      folder.pipeline == "MusicLDMPipeline"
      ? SamplingSettings(steps: 200, guidance: 2) : SamplingSettings(steps: 10, guidance: 2.5)
    let unet = parts.unet.config
    let attendsToItself = unet.levels.allSatisfy { level in
      level.attentions.allSatisfy { $0.contextDim == level.channels }
    }
    guard unet.classVector?.dim == text.config.projection, attendsToItself else {
      throw CheckpointError.package(
        folder: folder.path, problem: "its U-Net and text encoder do not fit each other",
        hint: "fetch it again with all its files")
    }
  }

  public func condition(_ prompt: String, negative: String?) throws -> TextCondition {
    let texts = [prompt] + (negative.map { [$0] } ?? [])
    var condition = TextCondition(count: texts.count)
    condition.vector = try text(texts.map { tokens($0) })
    return condition
  }

  /// The tokens of a text, cut to the longest that the encoder takes.
  private func tokens(_ prompt: String) -> [Int] {
    let (ids, most) = (tokenizer.encode(prompt), text.config.maxTokens)
    return ids.count <= most ? ids : ids.prefix(most - 1) + ids.suffix(1)
  }
}
