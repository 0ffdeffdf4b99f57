import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``HighBand``, as `HighBandConfig` in Models/training/bandwidth/network.py
/// writes them.
public struct HighBandConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, dim, hidden, blocks
    case fftSize = "n_fft"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Tells how loud the treble of a band-limited recording was.
///
/// Convolutions over time only: a frame's answer depends on 3 frames on either side for each block.
///
/// Source: `HighBand` in Models/training/bandwidth/network.py.
public struct HighBand: Sendable {
  private static let kernel = 7

  public let config: HighBandConfig
  private let embed: Linear
  private let blocks: [ConvNeXtBlock]
  private let norm: LayerNorm
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: HighBandConfig) throws {
    self.config = config
    embed = try Linear(w / "embed", in: 2 * config.bands, out: config.dim)
    blocks = try (0..<config.blocks).map {
      try ConvNeXtBlock(
        w / "blocks" / $0, dim: config.dim, hidden: config.hidden, kernel: Self.kernel)
    }
    norm = try LayerNorm(w / "norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: config.dim, out: config.bands)
  }

  /// Frames on either side that an answer depends on.
  public var contextFrames: Int { config.blocks * (Self.kernel / 2) }

  /// - Parameters:
  ///   - mel: log-mel magnitudes `[T, bands]` of a recording without its treble.
  ///   - known: the bands that are not gone.
  /// - Returns: log-mel magnitudes `[T, bands]`, of use where a band is not known.
  public func callAsFunction(_ mel: Tensor, known: [Bool]) -> Tensor {
    let c = config
    precondition(mel.rank == 2 && mel.channels == c.bands && known.count == c.bands)
    let flags: [Float] = known.map { $0 ? 1 : 0 }
    var input = Tensor(uninitialized: [1, mel.shape[0], 2 * c.bands])
    mel.withUnsafeFloats { mel in
      input.withUnsafeMutableFloats { input in
        for frame in 0..<mel.count / c.bands {
          for band in 0..<c.bands {
            let value = flags[band] * (mel[frame * c.bands + band] - c.melMean) / c.melStd
            input[frame * 2 * c.bands + band] = value
            input[frame * 2 * c.bands + c.bands + band] = flags[band]
          }
        }
      }
    }
    var x = embed(input)
    for block in blocks { block(&x) }
    return out(norm(x, output: out.inputType)).scaled(by: c.melStd, plus: c.melMean)
      .reshaped(mel.shape)
  }
}
