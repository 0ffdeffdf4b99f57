import Checkpoints
import Layers
import Tensors

/// Variational autoencoder of latent diffusion (2112.10752) on pictures, here log-mel spectrograms.
///
/// Source: `AutoencoderKL` in huggingface/diffusers (models/autoencoders/autoencoder_kl.py), names
/// and arithmetic.
public struct AutoencoderKL: Sendable {
  public let config: AutoencoderKLConfig
  private let encoder: Encoder, decoder: Decoder
  private let quantConv: Conv2d, postQuantConv: Conv2d

  /// Takes `encoder.…`, `decoder.…`, `quant_conv` and `post_quant_conv`.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: AutoencoderKLConfig) throws {
    self.config = config
    encoder = try Encoder(w / "encoder", config)
    decoder = try Decoder(w / "decoder", config)
    let latent = config.latent
    quantConv = try Conv2d(w / "quant_conv", in: 2 * latent, out: 2 * latent, kernel: (1, 1))
    postQuantConv = try Conv2d(w / "post_quant_conv", in: latent, out: latent, kernel: (1, 1))
  }

  /// Mean and log-variance of the latents, not scaled: `[B, H, W, inputs]`, height and width
  /// multiples of `config.reduction`, to `[B, H / reduction, W / reduction, latent]` each.
  public func distribution(_ x: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    precondition(
      x.rank == 4 && x.channels == config.inputs && x.shape[1] % config.reduction == 0
        && x.shape[2] % config.reduction == 0, "pictures \(x.shape)")
    let moments = quantConv(encoder(x))
    let latent = config.latent
    return (
      moments.channels(0..<latent), moments.channels(latent..<2 * latent).clamped(to: -30...20)
    )
  }

  /// Pictures of latents that are not scaled:
  /// `[B, h, w, latent] -> [B, h * reduction, w * reduction, outputs]`.
  public func decode(_ latents: Tensor) -> Tensor {
    precondition(latents.rank == 4 && latents.channels == config.latent, "\(latents.shape)")
    return decoder(postQuantConv(latents))
  }

  private struct Encoder: Sendable {
    let convIn: Conv2d
    let levels: [(blocks: [ResnetBlock2D], down: Downsample2D?)]
    let middle: Middle
    let out: Output

    init(_ w: WeightScope, _ c: AutoencoderKLConfig) throws {
      convIn = try Conv2d(
        w / "conv_in", in: c.inputs, out: c.channels[0], kernel: (3, 3), padding: (1, 1))
      levels = try c.channels.indices.map { level in
        let w = w / "down_blocks" / level
        let width = c.channels[level]
        let blocks = try (0..<c.layers).map { layer in
          try ResnetBlock2D(
            w / "resnets" / layer, in: layer > 0 ? width : c.channels[max(0, level - 1)],
            out: width, timeDim: nil, groups: c.groups, epsilon: 1e-6)
        }
        let isLast = level == c.channels.count - 1
        let down = w / "downsamplers.0"
        return (
          blocks, isLast ? nil : try Downsample2D(down, channels: width, padding: .after)
        )
      }
      middle = try Middle(w / "mid_block", c)
      out = try Output(w, channels: c.channels[c.channels.count - 1], out: 2 * c.latent, c)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      var h = convIn(x)
      for level in levels {
        for block in level.blocks { h = block(h) }
        if let down = level.down { h = down(h) }
      }
      return out(middle(h))
    }
  }

  private struct Decoder: Sendable {
    let convIn: Conv2d
    let middle: Middle
    let levels: [(blocks: [ResnetBlock2D], up: Upsample2D?)]
    let out: Output

    init(_ w: WeightScope, _ c: AutoencoderKLConfig) throws {
      let channels = Array(c.channels.reversed())
      convIn = try Conv2d(
        w / "conv_in", in: c.latent, out: channels[0], kernel: (3, 3), padding: (1, 1))
      middle = try Middle(w / "mid_block", c)
      levels = try channels.indices.map { level in
        let w = w / "up_blocks" / level
        let width = channels[level]
        let blocks = try (0...c.layers).map { layer in
          try ResnetBlock2D(
            w / "resnets" / layer, in: layer > 0 ? width : channels[max(0, level - 1)],
            out: width, timeDim: nil, groups: c.groups, epsilon: 1e-6)
        }
        let isLast = level == channels.count - 1
        return (blocks, isLast ? nil : try Upsample2D(w / "upsamplers.0", channels: width))
      }
      out = try Output(w, channels: c.channels[0], out: c.outputs, c)
    }

    func callAsFunction(_ z: Tensor) -> Tensor {
      var h = middle(convIn(z))
      for level in levels {
        for block in level.blocks { h = block(h) }
        if let up = level.up { h = up(h) }
      }
      return out(h)
    }
  }

  /// Residual block, attention of one head over all positions, residual block.
  private struct Middle: Sendable {
    let first: ResnetBlock2D, attention: PictureAttention?, second: ResnetBlock2D

    init(_ w: WeightScope, _ c: AutoencoderKLConfig) throws {
      let width = c.channels[c.channels.count - 1]
      func block(_ index: Int) throws -> ResnetBlock2D {
        try ResnetBlock2D(
          w / "resnets" / index, in: width, out: width, timeDim: nil, groups: c.groups,
          epsilon: 1e-6)
      }
      first = try block(0)
      attention =
        c.hasAttention
        ? try PictureAttention(w / "attentions.0", channels: width, groups: c.groups) : nil
      second = try block(1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      let h = first(x)
      return second(attention.map { $0(h) } ?? h)
    }
  }

  /// Norm, SiLU and the last convolution.
  private struct Output: Sendable {
    let norm: GroupNorm, conv: Conv2d

    init(_ w: WeightScope, channels: Int, out: Int, _ c: AutoencoderKLConfig) throws {
      norm = try GroupNorm(
        w / "conv_norm_out", groups: c.groups, channels: channels, epsilon: 1e-6)
      conv = try Conv2d(w / "conv_out", in: channels, out: out, kernel: (3, 3), padding: (1, 1))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      conv(norm(x, activation: .silu, output: conv.inputType))
    }
  }
}

/// Attention of one head among all positions of a picture, with a residual.
///
/// Source: `Attention` as `UNetMidBlock2D` of huggingface/diffusers uses it in an autoencoder.
private struct PictureAttention: Sendable {
  let norm: GroupNorm
  let attention: MultiHeadAttention

  /// Takes `group_norm`, `to_q`, `to_k`, `to_v` and `to_out.0`, or by their first published names
  /// `query`, `key`, `value` and `proj_attn`.
  init(_ w: WeightScope, channels: Int, groups: Int) throws {
    norm = try GroupNorm(w / "group_norm", groups: groups, channels: channels, epsilon: 1e-6)
    let isOld = (w / "query").has("weight")
    func linear(_ name: String, old: String) throws -> Linear {
      try Linear(w / (isOld ? old : name), in: channels, out: channels)
    }
    attention = MultiHeadAttention(
      query: try linear("to_q", old: "query"), key: try linear("to_k", old: "key"),
      value: try linear("to_v", old: "value"), out: try linear("to_out.0", old: "proj_attn"),
      heads: 1, size: channels)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let rows = [x.shape[0], x.shape[1] * x.shape[2], x.channels]
    var sum = x.reshaped(rows)
    attention.add(norm(x, output: attention.inputType).reshaped(rows), to: &sum)
    return sum.reshaped(x.shape)
  }
}
