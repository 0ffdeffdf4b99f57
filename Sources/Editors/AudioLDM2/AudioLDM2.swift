import Checkpoints
import Diffusion
import FoundationEssentials
import Layers
import Tensors
import TextEncoders
import Tokenizers

/// AudioLDM 2 (2308.05734): mel latent diffusion whose U-Net attends to T5's states of the text and
/// to a few states that GPT-2 makes of CLAP's embedding and T5's states.
///
/// Source: `AudioLDM2Pipeline` in huggingface/diffusers. Models that speak a transcription (VITS) are
/// refused.
public struct AudioLDM2: MelLatentDiffusionModel {
  public let parts: MelLatentDiffusion
  /// The pipeline's own.
  public let defaults = SamplingSettings(steps: 200, guidance: 3.5)
  private let clap: CLAPTextEncoder, clapTokenizer: Tokenizer
  private let t5: T5Encoder, t5Tokenizer: Tokenizer
  private let projection: AudioLDM2Projection
  private let language: GPT2

  /// Tokens of T5's longest text.
  private static let maxTokens = 512

  /// - Throws: `CheckpointError`, `T5Error`, `TokenizerError` or `SchedulerError`; also when the
  ///   parts do not fit each other.
  public init(_ folder: DiffusersFolder) throws {
    parts = try MelLatentDiffusion(folder)
    clap = try folder.load("text_encoder") { try CLAPTextEncoder($0, config: CLAPTextConfig($1)) }
    t5 = try folder.load("text_encoder_2") { w, config in
      try config.expect("model_type", .string("t5"))
      return try T5Encoder(w, config: T5Config(contentsOf: URL(filePath: config.place)))
    }
    language = try folder.load("language_model") { try GPT2($0, config: GPT2Config($1)) }
    let (clapDim, t5Dim, dim) = (clap.config.projection, t5.config.dim, language.config.dim)
    projection = try folder.load("projection_model") { w, config in
      try config.check(
        config.value("use_learned_position_embedding") == nil, "use_learned_position_embedding",
        "is not supported")
      return try AudioLDM2Projection(w, clapDim: clapDim, t5Dim: t5Dim, dim: dim)
    }
    clapTokenizer = try folder.tokenizer("tokenizer")
    t5Tokenizer = try folder.tokenizer("tokenizer_2")
    let fits = parts.unet.config.levels.allSatisfy { level in
      level.attentions.allSatisfy { attention in
        attention.contextDim.map { $0 == (attention.context == 0 ? dim : t5Dim) } ?? true
      }
    }
    guard parts.unet.config.classVector == nil, fits else {
      throw CheckpointError.package(
        folder: folder.path, problem: "its U-Net and text encoders do not fit each other",
        hint: "fetch it again with all its files")
    }
  }

  public func condition(_ prompt: String, negative: String?) throws -> TextCondition {
    let texts = [prompt] + (negative.map { [$0] } ?? [])
    let embeddings = try clap(
      texts.map { cut(clapTokenizer.encode($0), to: clap.config.maxTokens) })
    // The negative text is cut or filled to the prompt's length.
    let ids = cut(t5Tokenizer.encode(prompt), to: Self.maxTokens)
    let others = negative.map { [cut(t5Tokenizer.encode($0), to: ids.count)] } ?? []
    let (states, mask) = try t5(batch: [ids] + others)
    let present = ([ids] + others).map { text in ids.indices.map { $0 < text.count } }
    let (vectors, isSeen) = projection(clap: embeddings, t5: states, present: present)
    let generated = language.generate(after: vectors, present: isSeen)
    return TextCondition(
      contexts: [UNetContext(generated), UNetContext(states, mask: mask)], count: texts.count)
  }

  public var wordContext: Int? { 1 }
  public func wordTokens(_ text: String) -> [Int] {
    cut(t5Tokenizer.encode(text), to: Self.maxTokens)
  }

  private func cut(_ ids: [Int], to most: Int) -> [Int] {
    ids.count <= most ? ids : ids.prefix(most - 1) + ids.suffix(1)
  }
}

/// Brings CLAP's embedding and T5's states to the width of the language model and puts them behind
/// each other, each between two learned marks.
///
/// Source: `AudioLDM2ProjectionModel` in huggingface/diffusers
/// (pipelines/audioldm2/modeling_audioldm2.py).
public struct AudioLDM2Projection: Sendable {
  private let clap: Linear, t5: Linear
  private let start: [Tensor], end: [Tensor]

  /// Takes `projection`, `projection_1`, `sos_embed`, `eos_embed`, `sos_embed_1` and `eos_embed_1`.
  public init(_ w: WeightScope, clapDim: Int, t5Dim: Int, dim: Int) throws {
    clap = try Linear(w / "projection", in: clapDim, out: dim)
    t5 = try Linear(w / "projection_1", in: t5Dim, out: dim)
    start = try ["sos_embed", "sos_embed_1"].map { try w.tensor($0, [dim]) }
    end = try ["eos_embed", "eos_embed_1"].map { try w.tensor($0, [dim]) }
  }

  /// - Parameters:
  ///   - clap: `[B, clapDim]`
  ///   - t5: `[B, T, t5Dim]`
  ///   - present: for each item, which of T5's states count.
  /// - Returns: `[B, 3 + T + 2, dim]` and which of them count.
  public func callAsFunction(
    clap embeddings: Tensor, t5 states: Tensor, present: [[Bool]]
  ) -> (vectors: Tensor, present: [[Bool]]) {
    let (first, second) = (clap(embeddings), t5(states))
    let items = (0..<states.shape[0]).map { item in
      [start[0], first[item], end[0], start[1], second[item], end[1]].flatMap(\.floats)
    }
    let length = states.shape[1] + 5
    return (
      Tensor(vector: items.flatMap { $0 }).reshaped([items.count, length, first.channels]),
      present.map { [true, true, true, true] + $0 + [true] }
    )
  }
}
