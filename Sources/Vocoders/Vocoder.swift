import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``Vocoder``, as `VocoderConfig` in Models/training/networks.py writes them.
public struct VocoderConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let bands: Int
  public let fftSize: Int
  public let hop: Int
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  /// Bins of a frame.
  public var bins: Int { fftSize / 2 + 1 }

  private enum CodingKeys: String, CodingKey {
    case rate, bands, hop, dim, hidden, blocks
    case fftSize = "n_fft"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Vocos' trunk (2306.00814) with a head that says, for each STFT bin of a frame, the log-magnitude
/// and the expected steps of the phase in time and in frequency.
///
/// `Signal.PhaseIntegrator` sums the steps to phases. Source: `Vocoder` in
/// Models/training/networks.py, which says why it does not predict phases themselves.
public struct Vocoder: Sendable {
  public let config: VocoderConfig
  private let embed: Conv1d
  private let norm: LayerNorm
  private let blocks: [ConvNeXtBlock]
  private let finalNorm: LayerNorm
  private let out: Linear
  private let skip: Linear

  private static let embedKernel = 7

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: VocoderConfig) throws {
    self.config = config
    embed = try Conv1d(
      w / "embed", in: config.bands, out: config.dim, kernel: Self.embedKernel,
      padding: Self.embedKernel / 2)
    norm = try LayerNorm(w / "norm", dim: config.dim, epsilon: 1e-6)
    blocks = try (0..<config.blocks).map {
      try ConvNeXtBlock(w / "blocks" / $0, dim: config.dim, hidden: config.hidden)
    }
    finalNorm = try LayerNorm(w / "final_norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: config.dim, out: 5 * config.bins)
    skip = try Linear(w / "skip", in: config.bands, out: config.bins)
  }

  /// Frames that an output depends on, before and after its own.
  public var contextFrames: Int { Self.embedKernel / 2 + 3 * config.blocks }

  /// Magnitudes and phase steps of each frame: log-mel `[B, T, bands] -> [B, T, 5 * bins]`, the
  /// parts being the log-magnitude, real and imaginary part of the step in time, real and imaginary
  /// part of the step in frequency.
  public func callAsFunction(_ mel: Tensor) -> Tensor {
    precondition(mel.rank == 3 && mel.channels == config.bands, "log-mel \(mel.shape)")
    var x = norm(
      embed(mel.scaled(by: 1 / config.melStd, plus: -config.melMean / config.melStd)))
    for block in blocks { block(&x) }
    var steps = out(finalNorm(x, output: out.inputType))
    steps.addChannels(skip(mel), at: 0)
    return steps
  }
}
