import Checkpoints

/// Sizes of ``CLAPTextEncoder``, by the names of `ClapTextConfig` in huggingface/transformers.
public struct CLAPTextConfig: Sendable, Equatable {
  public let encoder: BERTConfig
  /// Width of the embedding.
  public let projection: Int

  /// Tokens of the longest text.
  public var maxTokens: Int { encoder.maxTokens }

  /// Reads `text_encoder/config.json`, of the text model alone (`ClapTextModelWithProjection`) or of
  /// both halves (`ClapModel`).
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ root: PublishedConfig) throws {
    let isWhole = root.value("text_config") != nil
    let c = isWhole ? try root.section("text_config") : root
    try c.expect("hidden_act", .string("gelu"))
    try c.expect("projection_hidden_act", .string("relu"))
    try c.expect("position_embedding_type", .string("absolute"))
    let padToken = try c.size("pad_token_id", default: 1, in: 0...1)
    encoder = BERTConfig(
      vocabulary: try c.size("vocab_size", default: 50265),
      dim: try c.size("hidden_size", default: 768, in: 1...65536),
      layers: try c.size("num_hidden_layers", default: 12, in: 1...256),
      heads: try c.size("num_attention_heads", default: 12, in: 1...1024),
      hidden: try c.size("intermediate_size", default: 3072, in: 1...262_144),
      positions: try c.size("max_position_embeddings", default: 514, in: 4...65536),
      types: try c.size("type_vocab_size", default: 1, in: 1...16),
      epsilon: Float(try c.number("layer_norm_eps", default: 1e-12)),
      padToken: padToken, firstPosition: padToken + 1)
    projection = try (isWhole ? root : c).size("projection_dim", default: 512, in: 1...65536)
    try c.check(
      encoder.dim % encoder.heads == 0, "num_attention_heads", "does not divide hidden_size")
  }
}
