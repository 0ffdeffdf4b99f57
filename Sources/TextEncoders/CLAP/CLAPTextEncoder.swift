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
  private let encoder: BERTEncoder
  private let pooler: Linear
  private let projection1: Linear, projection2: Linear

  /// Takes `text_model.…` and `text_projection.…` by their published names; the other half of a
  /// `ClapModel` is passed over.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: CLAPTextConfig) throws {
    config = c
    let text = w / "text_model"
    encoder = try BERTEncoder(text, config: c.encoder)
    let dim = c.encoder.dim
    pooler = try Linear(text / "pooler.dense", in: dim, out: dim)
    let projection = w / "text_projection"
    projection1 = try Linear(projection / "linear1", in: dim, out: c.projection)
    projection2 = try Linear(projection / "linear2", in: c.projection, out: c.projection)
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
    let states = try encoder(texts)
    let firsts = Tensor.stack(texts.indices.map { states[$0][0] })
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
