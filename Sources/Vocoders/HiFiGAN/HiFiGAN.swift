import Checkpoints
import Layers
import Tensors

/// HiFi-GAN's generator (2010.05646): log-mel to samples by transposed convolutions, each followed
/// by residual blocks of several kernel sizes whose outputs are averaged.
///
/// Source: jik876/hifi-gan `models.py`, and `SpeechT5HifiGan` in huggingface/transformers.
public struct HiFiGAN: Sendable {
  public let config: HiFiGANConfig
  private let mean: [Float], scale: [Float]
  private let convPre: Conv1d, convPost: Conv1d
  private let stages: [(up: ConvTranspose1d, blocks: [ResidualBlock])]

  /// Takes `conv_pre`, `ups` or `upsampler`, `resblocks`, `conv_post` and, with transformers' names,
  /// `mean` and `scale`; weight norms are folded.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: HiFiGANConfig) throws {
    self.config = config
    let isOriginal = config.names == .original
    mean = isOriginal ? [] : try w.tensor("mean", [config.bands]).floats
    scale = isOriginal ? [] : try w.tensor("scale", [config.bands]).floats
    convPre = try Conv1d(
      w / "conv_pre", in: config.bands, out: config.channels, kernel: 7, padding: 3)
    stages = try config.rates.indices.map { stage in
      let (rate, kernel) = (config.rates[stage], config.kernels[stage])
      let width = config.channels >> (stage + 1)
      let up = try ConvTranspose1d(
        w / (isOriginal ? "ups" : "upsampler") / stage, in: 2 * width, out: width, kernel: kernel,
        stride: rate, padding: (kernel - rate) / 2)
      let blocks = try config.blockKernels.indices.map { index in
        try ResidualBlock(
          w / "resblocks" / (stage * config.blockKernels.count + index), channels: width,
          kernel: config.blockKernels[index], dilations: config.blockDilations[index], config)
      }
      return (up, blocks)
    }
    convPost = try Conv1d(
      w / "conv_post", in: config.channels >> config.rates.count, out: 1, kernel: 7, padding: 3)
  }

  /// Log-mel `[B, T, bands]` -> samples `[B, N]`, N about `T * hop`.
  public func callAsFunction(_ mel: Tensor) -> Tensor {
    precondition(mel.rank == 3 && mel.channels == config.bands, "log-mel \(mel.shape)")
    var x = convPre(config.normalises ? normalised(mel) : mel)
    for stage in stages {
      x = stage.up(x.leakyReLU(slope: config.slope))
      var sum = stage.blocks[0](x)
      for block in stage.blocks.dropFirst() { sum.combine(1, block(x), 1) }
      x = sum.scaled(by: 1 / Float(stage.blocks.count))
    }
    // The last slope is PyTorch's default, not the config's.
    let y = convPost(
      x.leakyReLU(slope: 0.01, output: convPost.inputType), activation: .tanh)
    return y.reshaped([y.shape[0], y.shape[1]])
  }

  private func normalised(_ mel: Tensor) -> Tensor {
    var out = mel
    out.withUnsafeMutableFloats { x in
      for i in x.indices {
        let band = i % config.bands
        x[i] = (x[i] - mean[band]) / scale[band]
      }
    }
    return out
  }

  /// Dilated convolutions, each with a residual.
  private struct ResidualBlock: Sendable {
    private let dilated: [Conv1d]
    private let plain: [Conv1d]
    private let slope: Float

    /// Takes `convs1` and `convs2`, or `convs`.
    init(
      _ w: WeightScope, channels: Int, kernel: Int, dilations: [Int], _ c: HiFiGANConfig
    ) throws {
      func conv(_ name: String, _ index: Int, _ dilation: Int) throws -> Conv1d {
        try Conv1d(
          w / name / index, in: channels, out: channels, kernel: kernel, dilation: dilation,
          padding: (kernel - 1) * dilation / 2)
      }
      let hasPairs = c.block == .pairs
      dilated = try dilations.enumerated().map { try conv(hasPairs ? "convs1" : "convs", $0, $1) }
      plain = hasPairs ? try dilations.indices.map { try conv("convs2", $0, 1) } : []
      slope = c.slope
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
      var x = input
      for (index, conv) in dilated.enumerated() {
        let inner = x.leakyReLU(slope: slope, output: conv.inputType)
        if plain.isEmpty {
          conv.add(inner, to: &x)
        } else {
          let last = plain[index]
          last.add(conv(inner).leakyReLU(slope: slope, output: last.inputType), to: &x)
        }
      }
      return x
    }
  }
}
