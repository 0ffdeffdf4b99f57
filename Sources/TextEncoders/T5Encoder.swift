import Checkpoints
import Layers
import Tensors

/// The encoder of T5: token ids to states.
///
/// Source: 1910.10683; layout, names and arithmetic of `T5EncoderModel` in huggingface/transformers
/// (v1.0 with ReLU, v1.1 and flan with gated GELU). Scores are not scaled by the head size, norms
/// have no bias, and the first block's relative positions serve all blocks.
public struct T5Encoder: Sendable {
  public let config: T5Config
  private let embedding: Embedding
  private let positions: RelativeBias
  private let blocks: [Block]
  private let finalNorm: RMSNorm

  private struct Block: Sendable {
    let attentionNorm: RMSNorm, attention: MultiHeadAttention
    let feedForwardNorm: RMSNorm, feedForward: FeedForward

    init(_ w: WeightScope, _ c: T5Config) throws {
      attentionNorm = try RMSNorm(w / "layer.0.layer_norm", dim: c.dim, epsilon: c.epsilon)
      let a = w / "layer.0.SelfAttention"
      let width = c.heads * c.headSize
      attention = MultiHeadAttention(
        query: try Linear(a / "q", in: c.dim, out: width, bias: false),
        key: try Linear(a / "k", in: c.dim, out: width, bias: false),
        value: try Linear(a / "v", in: c.dim, out: width, bias: false),
        out: try Linear(a / "o", in: width, out: c.dim, bias: false),
        heads: c.heads, size: c.headSize, scale: 1)
      feedForwardNorm = try RMSNorm(w / "layer.1.layer_norm", dim: c.dim, epsilon: c.epsilon)
      feedForward = try FeedForward(w / "layer.1.DenseReluDense", c)
    }

    func callAsFunction(_ x: inout Tensor, bias: Tensor, mask: KeyMask) {
      attention.add(
        attentionNorm(x, output: attention.inputType), bias: bias, mask: mask, to: &x)
      feedForward.add(feedForwardNorm(x, output: feedForward.inputType), to: &x)
    }
  }

  private struct FeedForward: Sendable {
    private let input: Linear
    private let gate: Linear?
    private let out: Linear
    private let activation: Activation

    var inputType: DType { input.inputType }

    init(_ w: WeightScope, _ c: T5Config) throws {
      let isGated = c.feedForward != .relu
      input = try Linear(w / (isGated ? "wi_0" : "wi"), in: c.dim, out: c.hidden, bias: false)
      gate = isGated ? try Linear(w / "wi_1", in: c.dim, out: c.hidden, bias: false) : nil
      out = try Linear(w / "wo", in: c.hidden, out: c.dim, bias: false)
      switch c.feedForward {
      case .relu: activation = .relu
      case .gatedGELU: activation = .geluTanh
      case .gatedSiLU: activation = .silu
      }
    }

    func add(_ x: Tensor, to sum: inout Tensor) {
      if let gate {
        out.add(input(x).gating(activation, gate(x), output: out.inputType), to: &sum)
      } else {
        out.add(input(x, activation: activation, output: out.inputType), to: &sum)
      }
    }
  }

  /// Takes `shared.weight` and `encoder.…` by their published names; a published file's decoder and
  /// its copies of the embedding are passed over.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: T5Config) throws {
    self.config = config
    embedding = try Embedding(w / "shared", count: config.vocabulary, dim: config.dim)
    let encoder = w / "encoder"
    positions = try RelativeBias(
      encoder / "block.0.layer.0.SelfAttention.relative_attention_bias", heads: config.heads,
      buckets: config.buckets, maxDistance: config.maxDistance)
    blocks = try (0..<config.layers).map { try Block(encoder / "block" / $0, config) }
    finalNorm = try RMSNorm(
      encoder / "final_layer_norm", dim: config.dim, epsilon: config.epsilon)
    encoder.ignore("embed_tokens.weight")
    (w / "decoder").ignoreAll()
    w.ignore("lm_head.weight")
  }

  /// The states of one text: `[L, dim]`.
  ///
  /// - Parameter ids: its tokens, ending in `</s>`; none at all gives the pad token's state.
  /// - Throws: `LayerError.token` for an id outside the vocabulary.
  public func callAsFunction(_ ids: [Int]) throws -> Tensor {
    let (states, _) = try callAsFunction(batch: [ids.isEmpty ? [config.padToken] : ids])
    return states[0]
  }

  /// The states of several texts, padded to the longest.
  ///
  /// - Returns: states `[B, L, dim]` and the mask of what is no padding.
  /// - Throws: `LayerError.token` for an id outside the vocabulary.
  public func callAsFunction(batch texts: [[Int]]) throws -> (states: Tensor, mask: KeyMask) {
    let length = texts.map(\.count).max() ?? 0
    let mask = KeyMask(
      texts.map { ids in (0..<length).map { $0 < ids.count } })
    let padded = texts.flatMap { ids in
      ids + [Int](repeating: config.padToken, count: length - ids.count)
    }
    var x = try embedding(padded).reshaped([texts.count, length, config.dim])
    let bias = positions(length: length)
    for block in blocks { block(&x, bias: bias, mask: mask) }
    return (finalNorm(x), mask)
  }
}
