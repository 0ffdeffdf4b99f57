import Checkpoints
import Layers
import Tensors

/// The encoder of BERT (1810.04805) and RoBERTa: token ids to states, post-norm.
///
/// Source: `BertModel` in huggingface/transformers (models/bert/modeling_bert.py), names and
/// arithmetic; every token has type 0.
public struct BERTEncoder: Sendable {
  public let config: BERTConfig
  private let words: Embedding, positions: Embedding, types: Embedding
  private let norm: LayerNorm
  private let blocks: [Block]

  private struct Block: Sendable {
    let attention: MultiHeadAttention, attentionNorm: LayerNorm
    let up: Linear, down: Linear, norm: LayerNorm

    init(_ w: WeightScope, _ c: BERTConfig) throws {
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

  /// Takes `embeddings.…` and `encoder.…` by their published names.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: BERTConfig) throws {
    config = c
    let tables = w / "embeddings"
    words = try Embedding(tables / "word_embeddings", count: c.vocabulary, dim: c.dim)
    positions = try Embedding(tables / "position_embeddings", count: c.positions, dim: c.dim)
    types = try Embedding(tables / "token_type_embeddings", count: c.types, dim: c.dim)
    norm = try LayerNorm(tables / "LayerNorm", dim: c.dim, epsilon: c.epsilon)
    blocks = try (0..<c.layers).map { try Block(w / "encoder.layer" / $0, c) }
    tables.ignore("position_ids")
    tables.ignore("token_type_ids")
  }

  /// The states of texts, padded to the longest: `[B, L, dim]`.
  ///
  /// - Parameter texts: their tokens, from the first special one to the last, at least one and at
  ///   most `config.maxTokens` each.
  /// - Throws: `LayerError.token` for an id outside the vocabulary.
  public func callAsFunction(_ texts: [[Int]]) throws -> Tensor {
    let length = texts.map(\.count).max() ?? 0
    precondition((1...config.maxTokens).contains(length), "texts of up to \(length) tokens")
    func padded(_ padding: Int, _ item: ([Int]) -> [Int]) -> [Int] {
      texts.flatMap { text in
        item(text) + [Int](repeating: padding, count: length - text.count)
      }
    }
    var x = try words(padded(config.padToken) { $0 })
    x.combine(1, try positions(padded(0) { $0.indices.map { $0 + config.firstPosition } }), 1)
    x.combine(1, try types([Int](repeating: 0, count: x.rows)), 1)
    x = norm(x).reshaped([texts.count, length, config.dim])
    let mask = KeyMask(texts.map { text in (0..<length).map { $0 < text.count } })
    for block in blocks { block(&x, mask: mask) }
    return x
  }
}
