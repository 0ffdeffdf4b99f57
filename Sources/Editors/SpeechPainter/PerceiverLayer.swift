import Checkpoints
import Layers
import Tensors

/// Attention and MLP of Perceiver IO with their residuals: queries `[B, N, C]` attend to themselves
/// or to inputs `[B, M, C]`.
///
/// Source: 2107.14795, appendix E; `PerceiverLayer` of transformers 5.24 (query residual, exact
/// GELU), whose parts have the same names without the modules around them.
public struct PerceiverLayer: Sendable {
  private let queryNorm: LayerNorm
  private let inputNorm: LayerNorm?
  private let attention: MultiHeadAttention
  private let norm: LayerNorm
  private let mlp: MLP

  /// Takes `layernorm1`, `query`, `key`, `value`, `dense`, `layernorm`, `dense1`, `dense2`, and
  /// `layernorm2` when the layer attends to inputs (`cross`).
  public init(_ w: WeightScope, dim: Int, heads: Int, cross: Bool) throws {
    queryNorm = try LayerNorm(w / "layernorm1", dim: dim)
    inputNorm = cross ? try LayerNorm(w / "layernorm2", dim: dim) : nil
    attention = MultiHeadAttention(
      query: try Linear(w / "query", in: dim, out: dim),
      key: try Linear(w / "key", in: dim, out: dim),
      value: try Linear(w / "value", in: dim, out: dim),
      out: try Linear(w / "dense", in: dim, out: dim), heads: heads, size: dim / heads)
    norm = try LayerNorm(w / "layernorm", dim: dim)
    mlp = MLP(
      up: try Linear(w / "dense1", in: dim, out: 4 * dim),
      down: try Linear(w / "dense2", in: 4 * dim, out: dim), activation: .gelu)
  }

  /// `x` becomes the layer's output.
  ///
  /// - Parameters:
  ///   - x: `[B, N, C]`
  ///   - inputs: `[B, M, C]`, for layers that attend to inputs.
  ///   - mask: which inputs count.
  public func callAsFunction(_ x: inout Tensor, inputs: Tensor? = nil, mask: KeyMask? = nil) {
    precondition((inputs == nil) == (inputNorm == nil), "a layer of the other kind")
    let context = inputs.flatMap { inputs in
      inputNorm.map { $0(inputs, output: attention.inputType) }
    }
    attention.add(
      queryNorm(x, output: attention.inputType), context: context, mask: mask, to: &x)
    mlp.add(norm(x, output: mlp.inputType), to: &x)
  }
}
