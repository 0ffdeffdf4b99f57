import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``MelVAE``, as `MelVAEConfig` in Models/training/networks.py writes them.
public struct MelVAEConfig: Sendable, Equatable, Decodable {
  public let bands: Int
  /// Mel frames in one latent.
  public let framesPerLatent: Int
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  /// Channels of a latent.
  public let latent: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float
  /// Others see `(latent - latentMean) / latentStd`.
  public let latentMean: Float
  public let latentStd: Float

  private enum CodingKeys: String, CodingKey {
    case bands, dim, hidden, blocks, latent
    case framesPerLatent = "frames_per_latent"
    case melMean = "mel_mean"
    case melStd = "mel_std"
    case latentMean = "latent_mean"
    case latentStd = "latent_std"
  }

  public init(
    bands: Int, framesPerLatent: Int, dim: Int, hidden: Int, blocks: Int, latent: Int,
    melMean: Float, melStd: Float, latentMean: Float, latentStd: Float
  ) {
    (self.bands, self.framesPerLatent, self.dim) = (bands, framesPerLatent, dim)
    (self.hidden, self.blocks, self.latent) = (hidden, blocks, latent)
    (self.melMean, self.melStd) = (melMean, melStd)
    (self.latentMean, self.latentStd) = (latentMean, latentStd)
  }
}

/// Variational autoencoder over time on log-mel spectrograms, ConvNeXt on patches of frames.
///
/// Source: `MelVAE` in Models/training/networks.py.
public struct MelVAE: Sendable {
  public let config: MelVAEConfig
  private let encoder: Trunk, decoder: Trunk

  /// Embedding, ConvNeXt blocks, norm and output layer.
  private struct Trunk: Sendable {
    let embed: Linear
    let blocks: [ConvNeXtBlock]
    let norm: LayerNorm
    let out: Linear

    init(_ w: WeightScope, in inputs: Int, out outputs: Int, _ c: MelVAEConfig) throws {
      embed = try Linear(w / "embed", in: inputs, out: c.dim)
      blocks = try (0..<c.blocks).map {
        try ConvNeXtBlock(w / "blocks" / $0, dim: c.dim, hidden: c.hidden)
      }
      norm = try LayerNorm(w / "norm", dim: c.dim, epsilon: 1e-6)
      out = try Linear(w / "out", in: c.dim, out: outputs)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      var h = embed(x)
      for block in blocks { block(&h) }
      return out(norm(h, output: out.inputType))
    }
  }

  /// Takes `encoder.…` and `decoder.…`.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: MelVAEConfig) throws {
    self.config = config
    let width = config.bands * config.framesPerLatent
    encoder = try Trunk(w / "encoder", in: width, out: 2 * config.latent, config)
    decoder = try Trunk(w / "decoder", in: config.latent, out: width, config)
  }

  /// Latent frames that an output depends on, before and after its own.
  public var context: Int { 3 * config.blocks }

  /// Mean and log-variance of the latents: log-mel `[B, T, bands]`, T a multiple of
  /// `framesPerLatent`, to `[B, T / framesPerLatent, latent]` each.
  public func distribution(_ mel: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let y = encoder(patches(mel))
    let logVariance = y.channels(config.latent..<2 * config.latent)
    return (y.channels(0..<config.latent), logVariance.clamped(to: -20...4))
  }

  /// Normalised mean latents: log-mel `[B, T, bands] -> [B, T / framesPerLatent, latent]`.
  public func encode(_ mel: Tensor) -> Tensor {
    encoder(patches(mel)).channels(0..<config.latent)
      .scaled(by: 1 / config.latentStd, plus: -config.latentMean / config.latentStd)
  }

  /// Log-mel of normalised latents: `[B, N, latent] -> [B, N * framesPerLatent, bands]`.
  public func decode(_ latents: Tensor) -> Tensor {
    precondition(latents.rank == 3 && latents.channels == config.latent, "\(latents.shape)")
    let y = decoder(latents.scaled(by: config.latentStd, plus: config.latentMean))
    return y.scaled(by: config.melStd, plus: config.melMean)
      .reshaped([y.shape[0], y.shape[1] * config.framesPerLatent, config.bands])
  }

  private func patches(_ mel: Tensor) -> Tensor {
    let frames = config.framesPerLatent
    precondition(
      mel.rank == 3 && mel.channels == config.bands && mel.shape[1] % frames == 0,
      "log-mel \(mel.shape) for \(config.bands) bands and latents of \(frames) frames")
    return mel.scaled(by: 1 / config.melStd, plus: -config.melMean / config.melStd)
      .reshaped([mel.shape[0], mel.shape[1] / frames, frames * config.bands])
  }
}
