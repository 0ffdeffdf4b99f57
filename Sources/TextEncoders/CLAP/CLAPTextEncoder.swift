import Checkpoints
import Layers
import Tensors

/// The text half of CLAP (2211.06687): RoBERTa's encoder, its pooled first state, and a projection
/// into the space that it shares with sounds.
///
/// Source: `ClapTextModelWithProjection` in huggingface/transformers
/// (models/clap/modeling_clap.py), names and arithmetic.
public struct CLAPTextEncoder: Sendable {
  public let config: CLAPTextConfig
  private let words: Embedding, positions: Embedding, types: Embedding
  private let norm: LayerNorm
  private let blocks: [Block]
  private let pooler: Linear
  private let projection1: Linear, projection2: Linear

  /// Post-norm transformer block of BERT.
  private struct Block: Sendable {
    let attention: MultiHeadAttention, attentionNorm: LayerNorm
    let up: Linear, down: Linear, norm: LayerNorm

    init(_ w: WeightScope, _ c: CLAPTextConfig) throws {
      let (own, out) = (w / "attention.self", w / "attention.output")
      func linear(_ w: WeightScope, in inputs: Int? = nil, out outputs: Int? = nil) throws -> Linear
      {
        try Linear(w, in: inputs ?? c.dim, out: outputs ?? c.dim)
      }
      attention = MultiHeadAttention(
        query: try linear(own / "query"), key: try linear(own / "key"),
        value: try linear(own / "value"), out: try linear(out / "dense"), heads: c.heads,
        size: c.dim / c.heads)
      attentionNorm = try LayerNorm(out / "LayerNorm", dim: c.dim, epsilon: c.epsilon)
      up = try linear(w / "intermediate.dense", out: c.hidden)
      down = try linear(w / "output.dense", in: c.hidden)
      norm = try LayerNorm(w / "output.LayerNorm", dim: c.dim, epsilon: c.epsilon)
    }

    func callAsFunction(_ x: inout Tensor, mask: KeyMask) {
      attention.add(x, mask: mask, to: &x)
      x = attentionNorm(x)
      let h = up(x, activation: .gelu, output: down.inputType)
      down.add(h, to: &x)
      x = norm(x)
    }
  }

  /// Takes `text_model.…` and `text_projection.…` by their published names; the other half of a
  /// `ClapModel` is passed over.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: CLAPTextConfig) throws {
    config = c
    let text = w / "text_model"
    let tables = text / "embeddings"
    words = try Embedding(tables / "word_embeddings", count: c.vocabulary, dim: c.dim)
    positions = try Embedding(tables / "position_embeddings", count: c.positions, dim: c.dim)
    types = try Embedding(tables / "token_type_embeddings", count: c.types, dim: c.dim)
    norm = try LayerNorm(tables / "LayerNorm", dim: c.dim, epsilon: c.epsilon)
    blocks = try (0..<c.layers).map { try Block(text / "encoder.layer" / $0, c) }
    pooler = try Linear(text / "pooler.dense", in: c.dim, out: c.dim)
    let projection = w / "text_projection"
    projection1 = try Linear(projection / "linear1", in: c.dim, out: c.projection)
    projection2 = try Linear(projection / "linear2", in: c.projection, out: c.projection)
    tables.ignore("position_ids")
    tables.ignore("token_type_ids")
    for other in ["audio_model", "audio_projection"] { (w / other).ignoreAll() }
    w.ignore("logit_scale_a")
    w.ignore("logit_scale_t")
  }

  /// The embeddings of texts, of length 1 each: `[B, projection]`.
  ///
  /// - Parameter texts: their tokens, from `<s>` to `</s>`, without padding, at most
  ///   `config.maxTokens` each.
  /// - Throws: `LayerError.token` for an id outside the vocabulary.
  public func callAsFunction(_ texts: [[Int]]) throws -> Tensor {
    let length = texts.map(\.count).max() ?? 0
    precondition((1...config.maxTokens).contains(length), "texts of up to \(length) tokens")
    func padded(_ item: ([Int]) -> [Int]) -> [Int] {
      texts.flatMap { text in
        item(text) + [Int](repeating: config.padToken, count: length - text.count)
      }
    }
    var x = try words(padded { $0 })
    // The first position is the one behind the padding token's.
    x.combine(1, try positions(padded { $0.indices.map { $0 + config.padToken + 1 } }), 1)
    x.combine(1, try types([Int](repeating: 0, count: x.rows)), 1)
    x = norm(x).reshaped([texts.count, length, config.dim])
    let mask = KeyMask(texts.map { text in (0..<length).map { $0 < text.count } })
    for block in blocks { block(&x, mask: mask) }
    let firsts = Tensor.stack(texts.indices.map { x[$0][0] })
    let pooled = pooler(firsts).applying(.tanh)
    return projection2(projection1(pooled, activation: .relu)).unitRows()
  }
}

extension Tensor {
  /// Each row divided by its length (by 1e-12 where it is shorter, as PyTorch's `normalize`).
  fileprivate func unitRows() -> Tensor {
    var out = self
    let (rows, width) = (rows, channels)
    out.withUnsafeMutableFloats { x in
      for row in 0..<rows {
        let range = row * width..<(row + 1) * width
        let length = range.reduce(0.0) { $0 + Double(x[$1]) * Double(x[$1]) }.squareRoot()
        for i in range { x[i] = Float(Double(x[i]) / max(length, 1e-12)) }
      }
    }
    return out
  }
}
