import Checkpoints
import Layers
import Tensors

/// Layer norm whose scale and shift are a function of the topic (FiLM, 1709.07871), or, without a
/// topic, weights: `[B, ..., C] -> [B, ..., C]`.
///
/// Source: `Modulated` in Models/training/music/masknet.py.
struct ModulatedNorm: Sendable {
  private let norm: LayerNorm
  private let film: Linear?

  /// Takes `film [2 C, topicDim]`, or the norm's weights where `topicDim` is 0.
  init(_ w: WeightScope, dim: Int, topicDim: Int) throws {
    norm =
      topicDim > 0
      ? LayerNorm(dim: dim, epsilon: 1e-6) : try LayerNorm(w / "norm", dim: dim, epsilon: 1e-6)
    film = topicDim > 0 ? try Linear(w / "film", in: topicDim, out: 2 * dim) : nil
  }

  /// - Parameter topic: `[B, topicDim]` when the norm has a topic.
  func callAsFunction(_ x: Tensor, topic: Tensor?, output: DType) -> Tensor {
    guard let film else { return norm(x, output: output) }
    guard let topic else { preconditionFailure("a modulated norm needs its topic") }
    let modulation = film(topic)
    let (items, dim) = (x.shape[0], x.channels)
    let places = x.reshaped([items, x.count / (items * dim), dim])
    let scale = modulation.channels(0..<dim).scaled(by: 1, plus: 1)
    return norm.modulated(
      places, scale: scale, shift: modulation.channels(dim..<2 * dim), output: output
    ).reshaped(x.shape)
  }
}

/// Pre-norm transformer block over time, with or without a topic: `[B, N, C]`.
///
/// Source: `TimeBlock` in Models/training/music/masknet.py.
struct TimeBlock: Sendable {
  private let dim: Int, heads: Int
  private let rotary: Rotary
  private let norm1: ModulatedNorm, norm2: ModulatedNorm
  private let qkv: Linear, out: Linear
  private let mlp: MLP

  /// Takes `norm1`, `attention.{qkv,out}`, `norm2` and `mlp.{up,down}`.
  init(_ w: WeightScope, dim: Int, heads: Int, topicDim: Int = 0, rotary: Rotary) throws {
    (self.dim, self.heads, self.rotary) = (dim, heads, rotary)
    norm1 = try ModulatedNorm(w / "norm1", dim: dim, topicDim: topicDim)
    norm2 = try ModulatedNorm(w / "norm2", dim: dim, topicDim: topicDim)
    qkv = try Linear(w / "attention" / "qkv", in: dim, out: 3 * dim)
    out = try Linear(w / "attention" / "out", in: dim, out: dim)
    mlp = try MLP(w / "mlp", dim: dim, hidden: 4 * dim, activation: .relu)
  }

  /// `x += block(x)`
  func callAsFunction(_ x: inout Tensor, topic: Tensor? = nil) {
    var rows = qkv(norm1(x, topic: topic, output: qkv.inputType))
    rotary.rotate(&rows, heads: 2 * heads)  // queries and keys lie side by side
    let size = dim / heads
    let heard = attention(
      queries: HeadRows(rows), keys: HeadRows(rows, offset: dim),
      values: HeadRows(rows, offset: 2 * dim), heads: heads, size: size,
      scale: 1 / Float(size).squareRoot(), output: out.inputType)
    out.add(heard, to: &x)
    mlp.add(norm2(x, topic: topic, output: mlp.inputType), to: &x)
  }
}

/// Convolution over time and frequency, then an MLP, with or without a topic: `[B, N, P, C]`.
///
/// Source: `GridBlock` in Models/training/music/masknet.py.
struct GridBlock: Sendable {
  private static let kernel = 5
  private static let channelsOfGroup = 16

  private let norm: ModulatedNorm
  private let conv: Conv2d
  private let mlp: MLP

  /// Takes `norm`, `conv`, `mlp.{up,down}` and `gamma`, which is multiplied into `mlp.down`.
  init(_ w: WeightScope, dim: Int, hidden: Int, topicDim: Int = 0) throws {
    norm = try ModulatedNorm(w / "norm", dim: dim, topicDim: topicDim)
    conv = try Conv2d(
      w / "conv", in: dim, out: dim, kernel: (Self.kernel, Self.kernel),
      padding: (Self.kernel / 2, Self.kernel / 2), groups: max(1, dim / Self.channelsOfGroup))
    mlp = MLP(
      up: try Linear(w / "mlp" / "up", in: dim, out: hidden),
      down: try Linear(
        w / "mlp" / "down", in: hidden, out: dim, outputScale: try w.tensor("gamma", [dim])),
      activation: .relu)
  }

  /// `x += block(x)`
  func callAsFunction(_ x: inout Tensor, topic: Tensor? = nil) {
    mlp.add(
      conv(norm(x, topic: topic, output: conv.inputType), output: mlp.inputType), to: &x)
  }
}
