import Checkpoints
import Layers
import Tensors

/// Sizes of ``Timbre``, as `TimbreConfig` in Models/training/networks.py writes them.
public struct TimbreConfig: Sendable, Equatable, Decodable {
  public let latent: Int
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  /// Names that it knows, in the package's order.
  public let targets: Int
}

/// Tells which instruments a stem's latents sound like.
///
/// Source: `Timbre` in Models/training/networks.py.
public struct Timbre: Sendable {
  public let config: TimbreConfig
  private let embed: Linear
  private let blocks: [ConvNeXtBlock]
  private let norm: LayerNorm
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: TimbreConfig) throws {
    self.config = config
    embed = try Linear(w / "embed", in: config.latent, out: config.dim)
    blocks = try (0..<config.blocks).map {
      try ConvNeXtBlock(w / "blocks" / $0, dim: config.dim, hidden: config.hidden)
    }
    norm = try LayerNorm(w / "norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: 2 * config.dim, out: config.targets)
  }

  /// Normalised latents `[B, N, latent]` -> logits `[B, targets]`.
  public func callAsFunction(_ latents: Tensor) -> Tensor {
    var x = embed(latents)
    for block in blocks { block(&x) }
    return out(meanAndPeak(norm(x)))
  }

  /// Each channel's mean over time, then its highest value: `[B, N, C] -> [B, 2 C]`.
  private func meanAndPeak(_ x: Tensor) -> Tensor {
    let (items, length, dim) = (x.shape[0], x.shape[1], x.channels)
    let values = x.floats
    var out = [Float](repeating: 0, count: items * 2 * dim)
    for item in 0..<items {
      for c in 0..<dim {
        var (sum, peak) = (Float(0), -Float.infinity)
        for t in 0..<length {
          let value = values[(item * length + t) * dim + c]
          sum += value
          peak = max(peak, value)
        }
        out[item * 2 * dim + c] = sum / Float(length)
        out[item * 2 * dim + dim + c] = peak
      }
    }
    return Tensor(vector: out).reshaped([items, 2 * dim])
  }
}
