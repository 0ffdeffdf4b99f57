import Checkpoints
import Tensors

/// Multi-head attention of latent diffusion: projections without bias, an output layer with one.
///
/// Source: `Attention` in huggingface/diffusers (models/attention_processor.py).
public struct CrossAttention: Sendable {
  private let query: Linear, keyValue: Linear, out: Linear
  private let heads: Int, width: Int

  /// Takes `to_q`, `to_k`, `to_v` and `to_out.0`.
  ///
  /// - Parameter contextDim: width of what is attended to; `dim` itself for self-attention.
  public init(_ w: WeightScope, dim: Int, contextDim: Int, heads: Int) throws {
    (self.heads, width) = (heads, dim)
    query = try Linear(w / "to_q", in: dim, out: dim, bias: false)
    keyValue = Linear(
      Tensor.stack([
        try (w / "to_k").tensor("weight", [dim, contextDim]),
        try (w / "to_v").tensor("weight", [dim, contextDim]),
      ]).reshaped([2 * dim, contextDim]), bias: nil)
    out = try Linear(w / "to_out.0", in: dim, out: dim)
  }

  /// The element type that the projections read without converting.
  var inputType: DType { query.inputType }

  /// `sum += attention(x)`
  ///
  /// - Parameters:
  ///   - x: `[B, Tq, dim]`
  ///   - context: `[B, Tk, contextDim]`; nil attends to `x` itself.
  ///   - mask: which of the context counts.
  ///   - control: whose attention one of the items borrows.
  func add(
    _ x: Tensor, context: Tensor?, mask: KeyMask?, control: AttentionControl? = nil,
    to sum: inout Tensor
  ) {
    let size = width / heads
    let (queries, rows) = (query(x), keyValue(context ?? x))
    var mixed = attention(
      queries: HeadRows(queries), keys: HeadRows(rows), values: HeadRows(rows, offset: width),
      heads: heads, size: size, scale: 1 / Float(size).squareRoot(), mask: mask,
      output: control == nil ? out.inputType : .f32)
    if let control {
      let target = control.mixed(queries: queries, rows: rows, heads: heads, mask: mask)
      mixed = Tensor.stack(
        (0..<mixed.shape[0]).map { $0 == control.target ? target : mixed[$0] })
    }
    out.add(mixed, to: &sum)
  }
}

/// Transformer block of a latent diffusion U-Net: self-attention, cross-attention, gated MLP.
///
/// Source: `BasicTransformerBlock` in huggingface/diffusers (models/attention.py), `GEGLU` of
/// 2002.05202.
public struct BasicTransformerBlock: Sendable {
  private let norms: [LayerNorm]
  private let selfAttention: CrossAttention, crossAttention: CrossAttention
  private let value: Linear, gate: Linear, down: Linear

  /// Takes `norm1`, `attn1`, `norm2`, `attn2`, `norm3`, `ff.net.0.proj` and `ff.net.2`.
  ///
  /// - Parameter contextDim: width of the context; nil where the second attention, too, is to the
  ///   picture itself.
  public init(_ w: WeightScope, dim: Int, contextDim: Int?, heads: Int) throws {
    norms = try (1...3).map { try LayerNorm(w / "norm\($0)", dim: dim) }
    selfAttention = try CrossAttention(w / "attn1", dim: dim, contextDim: dim, heads: heads)
    crossAttention = try CrossAttention(
      w / "attn2", dim: dim, contextDim: contextDim ?? dim, heads: heads)
    let hidden = 4 * dim
    let up = w / "ff.net.0.proj"
    let matrix = try up.tensor("weight", [2 * hidden, dim])
    let bias = try up.tensor("bias", [2 * hidden])
    value = Linear(matrix[rows: 0..<hidden], bias: bias[rows: 0..<hidden])
    gate = Linear(matrix[rows: hidden..<2 * hidden], bias: bias[rows: hidden..<2 * hidden])
    down = try Linear(w / "ff.net.2", in: hidden, out: dim)
  }

  /// `x` `[B, T, dim]` is changed in place.
  func callAsFunction(
    _ x: inout Tensor, context: Tensor?, mask: KeyMask?, control: AttentionControl?
  ) {
    selfAttention.add(
      norms[0](x, output: selfAttention.inputType), context: nil, mask: nil, to: &x)
    crossAttention.add(
      norms[1](x, output: crossAttention.inputType), context: context, mask: mask,
      control: control, to: &x)
    let h = norms[2](x, output: value.inputType)
    down.add(gate(h).gating(.gelu, value(h), output: down.inputType), to: &x)
  }
}

/// Transformer blocks over the positions of a picture, with a residual: `[B, H, W, C]` in and out.
///
/// Source: `Transformer2DModel` in huggingface/diffusers (models/transformers/transformer_2d.py);
/// `SpatialTransformer` of latent diffusion (2112.10752).
public struct Transformer2D: Sendable {
  private let norm: GroupNorm
  private let projectIn: Linear, projectOut: Linear
  private let blocks: [BasicTransformerBlock]

  /// Takes `norm`, `proj_in`, `transformer_blocks.N` and `proj_out`.
  ///
  /// - Parameter linearProjection: whether `proj_in` and `proj_out` are published as matrices
  ///   rather than as 1x1 convolutions.
  public init(
    _ w: WeightScope, channels: Int, contextDim: Int?, heads: Int, layers: Int, groups: Int,
    linearProjection: Bool
  ) throws {
    norm = try GroupNorm(w / "norm", groups: groups, channels: channels, epsilon: 1e-6)
    func projection(_ name: String) throws -> Linear {
      let shape = [channels, channels] + (linearProjection ? [] : [1, 1])
      return Linear(
        try (w / name).tensor("weight", shape).reshaped([channels, channels]),
        bias: try (w / name).tensor("bias", [channels]))
    }
    projectIn = try projection("proj_in")
    blocks = try (0..<layers).map {
      try BasicTransformerBlock(
        w / "transformer_blocks" / $0, dim: channels, contextDim: contextDim, heads: heads)
    }
    projectOut = try projection("proj_out")
  }

  /// - Parameters:
  ///   - x: `[B, H, W, C]`
  ///   - context: `[B, T, contextDim]`
  ///   - mask: which of the context counts.
  ///   - control: whose attention to the context one of the items borrows.
  public func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, mask: KeyMask? = nil, control: AttentionControl? = nil
  ) -> Tensor {
    let rows = [x.shape[0], x.shape[1] * x.shape[2], x.channels]
    var h = projectIn(norm(x, output: projectIn.inputType)).reshaped(rows)
    for block in blocks { block(&h, context: context, mask: mask, control: control) }
    var sum = x.reshaped(rows)
    projectOut.add(h, to: &sum)
    return sum.reshaped(x.shape)
  }
}
