import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``MaskNet``, as `MaskNetConfig` in Models/training/networks.py writes them.
public struct MaskNetConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  public let framesPerToken: Int
  public let dim: Int
  public let heads: Int
  public let blocks: Int
  public let textDim: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, dim, heads, blocks
    case fftSize = "n_fft"
    case framesPerToken = "frames_per_token"
    case textDim = "text_dim"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Text-conditioned mask network: tells what share of each mel band belongs to the stem that a text
/// names, and whether the stem is there.
///
/// Source: `MaskNet` in Models/training/networks.py.
public struct MaskNet: Sendable {
  public let config: MaskNetConfig
  private let embed: Linear
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let out: Linear
  private let presence: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: MaskNetConfig) throws {
    self.config = config
    let width = config.bands * config.framesPerToken
    embed = try Linear(w / "embed", in: width, out: config.dim)
    let rotary = Rotary(size: config.dim / config.heads)
    blocks = try (0..<config.blocks).map {
      try TransformerBlock(
        w / "blocks" / $0, dim: config.dim, textDim: config.textDim, heads: config.heads,
        modulated: false, rotary: rotary)
    }
    norm = try LayerNorm(w / "norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: config.dim, out: width)
    presence = try Linear(w / "presence", in: config.dim, out: 1)
  }

  /// Logits of mask and presence.
  ///
  /// - Parameters:
  ///   - mel: log-mel of the mixture `[B, T, bands]`, T a multiple of `framesPerToken`.
  ///   - text: `[B, L, textDim]`
  /// - Returns: mask `[B, T, bands]`, presence `[B]`
  public func callAsFunction(
    _ mel: Tensor, text: Tensor, textMask: KeyMask
  ) -> (mask: Tensor, presence: [Float]) {
    let frames = config.framesPerToken
    precondition(
      mel.rank == 3 && mel.channels == config.bands && mel.shape[1] % frames == 0,
      "log-mel \(mel.shape) for \(config.bands) bands and tokens of \(frames) frames")
    let (items, tokens) = (mel.shape[0], mel.shape[1] / frames)
    var x = embed(
      mel.scaled(by: 1 / config.melStd, plus: -config.melMean / config.melStd)
        .reshaped([items, tokens, frames * config.bands]))
    for block in blocks { block(&x, text: block.textKeysAndValues(text), mask: textMask) }
    let states = norm(x)
    let mask = out(states).reshaped(mel.shape)
    return (mask, presence(states.meanOverTime()).floats)
  }
}

extension Tensor {
  /// `[B, T, C] -> [B, C]`
  fileprivate func meanOverTime() -> Tensor {
    let (items, length, channels) = (shape[0], shape[1], channels)
    var out = Tensor.zeros([items, channels])
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        for item in 0..<items {
          for t in 0..<length {
            let row = (item * length + t) * channels
            for c in 0..<channels { to[item * channels + c] += from[row + c] }
          }
        }
      }
    }
    return out.scaled(by: 1 / Float(length))
  }
}
