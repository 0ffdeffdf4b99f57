import Checkpoints
import Layers
import Tensors

/// Sizes of ``HarmonyHead``, as `HarmonyConfig` in Models/training/networks.py writes them.
public struct HarmonyConfig: Sendable, Equatable, Decodable {
  /// Half semitones, and bands of onsets times their frames, in a row of features.
  public let tones: Int
  public let onsets: Int
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  public let kernel: Int
  public let chords: Int
}

/// Tells a song's chords and beats from ``HarmonyFeatures``.
///
/// Source: `Harmony` in Models/training/networks.py; chords condition the editor as in InstructME
/// (2308.14360, section 3.3).
public struct HarmonyHead: Sendable {
  public let config: HarmonyConfig
  private let toneNorm: LayerNorm
  private let embed: Linear
  private let blocks: [ConvNeXtBlock]
  private let norm: LayerNorm
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: HarmonyConfig) throws {
    self.config = config
    toneNorm = try LayerNorm(w / "tone_norm", dim: config.tones, epsilon: 1e-3)
    embed = try Linear(w / "embed", in: config.tones + config.onsets, out: config.dim)
    blocks = try (0..<config.blocks).map {
      try ConvNeXtBlock(
        w / "blocks" / $0, dim: config.dim, hidden: config.hidden, kernel: config.kernel)
    }
    norm = try LayerNorm(w / "norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: config.dim, out: config.chords + 2)
  }

  /// Rows that the network looks at on either side of one.
  public var contextRows: Int { config.blocks * (config.kernel / 2) }

  /// Features `[B, N, tones + onsets]` -> logits `[B, N, chords + 2]`: of no chord, of major and minor
  /// triads from C on, of a beat, and of a bar's first beat.
  public func callAsFunction(_ features: Tensor) -> Tensor {
    precondition(features.channels == config.tones + config.onsets)
    var normed = features
    normed.setChannels(toneNorm(features.channels(0..<config.tones)), at: 0)
    var x = embed(normed)
    for block in blocks { block(&x) }
    return out(norm(x))
  }
}
