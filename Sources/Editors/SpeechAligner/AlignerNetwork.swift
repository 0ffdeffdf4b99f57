import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``AlignerNetwork``, as `AlignerConfig` in
/// Models/training/speech/networks.py writes them.
public struct AlignerConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  /// Mel frames an output frame.
  public let stride: Int
  public let dim: Int
  public let hidden: Int
  public let heads: Int
  /// Of convolutions, before and after the attention.
  public let blocks: Int
  /// Classes with silence, which is 0.
  public let phones: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, stride, dim, hidden, heads, blocks, phones
    case fftSize = "n_fft"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Phonemes of speech, frame by frame: convolutions around one attention over time.
///
/// Source: `Aligner` in Models/training/speech/networks.py.
public struct AlignerNetwork: Sendable {
  public let config: AlignerConfig
  private let embed: Conv1d
  private let before: [ConvNeXtBlock]
  private let norm1: LayerNorm
  private let qkv: Linear, attentionOut: Linear
  private let rotary: Rotary
  private let norm2: LayerNorm
  private let mlp: MLP
  private let after: [ConvNeXtBlock]
  private let finalNorm: LayerNorm
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: AlignerConfig) throws {
    config = c
    embed = try Conv1d(
      w / "embed", in: c.bands, out: c.dim, kernel: 5, stride: c.stride, padding: 2)
    func blocks(_ name: String) throws -> [ConvNeXtBlock] {
      try (0..<c.blocks).map { try ConvNeXtBlock(w / name / $0, dim: c.dim, hidden: c.hidden) }
    }
    before = try blocks("before")
    norm1 = try LayerNorm(w / "norm1", dim: c.dim, epsilon: 1e-6)
    qkv = try Linear(w / "attention" / "qkv", in: c.dim, out: 3 * c.dim)
    attentionOut = try Linear(w / "attention" / "out", in: c.dim, out: c.dim)
    rotary = Rotary(size: c.dim / c.heads)
    norm2 = try LayerNorm(w / "norm2", dim: c.dim, epsilon: 1e-6)
    mlp = try MLP(w / "mlp", dim: c.dim, hidden: c.hidden, activation: .geluTanh)
    after = try blocks("after")
    finalNorm = try LayerNorm(w / "final_norm", dim: c.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: c.dim, out: c.phones)
  }

  /// Logits of phonemes: log-mel `[B, T, bands] -> [B, ceil(T / stride), phones]`.
  public func callAsFunction(_ mel: Tensor) -> Tensor {
    precondition(mel.rank == 3 && mel.channels == config.bands, "log-mel \(mel.shape)")
    var x = embed(mel.scaled(by: 1 / config.melStd, plus: -config.melMean / config.melStd))
    for block in before { block(&x) }
    var rows = qkv(norm1(x, output: qkv.inputType))
    rotary.rotate(&rows, heads: 2 * config.heads)  // queries and keys lie side by side
    let size = config.dim / config.heads
    let y = attention(
      queries: HeadRows(rows), keys: HeadRows(rows, offset: config.dim),
      values: HeadRows(rows, offset: 2 * config.dim), heads: config.heads, size: size,
      scale: 1 / Float(size).squareRoot(), output: attentionOut.inputType)
    attentionOut.add(y, to: &x)
    mlp.add(norm2(x, output: mlp.inputType), to: &x)
    for block in after { block(&x) }
    return out(finalNorm(x, output: out.inputType))
  }
}
