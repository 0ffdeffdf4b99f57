import Checkpoints
import Layers
import Tensors

/// Sizes of ``BigVGAN``, by the names of NVIDIA/BigVGAN's `config.json`.
public struct BigVGANConfig: Sendable, Equatable {
  /// Rates, kernels and residual blocks, as in HiFi-GAN.
  public let generator: HiFiGANConfig
  /// SnakeBeta, whose magnitude has a parameter of its own.
  public let hasBeta: Bool
  /// Whether the activations' parameters are logarithms.
  public let logScale: Bool
  /// Whether the samples pass a tanh; else they are cut at -1 and 1.
  public let endsInTanh: Bool
  public let hasFinalBias: Bool

  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ c: PublishedConfig) throws {
    generator = try HiFiGANConfig(original: c)
    let activation = try c.text("activation")
    try c.check(
      activation == "snake" || activation == "snakebeta", "activation",
      "must be \"snake\" or \"snakebeta\"")
    hasBeta = activation == "snakebeta"
    logScale = try c.flag("snake_logscale")
    endsInTanh = try c.flag("use_tanh_at_final", default: true)
    hasFinalBias = try c.flag("use_bias_at_final", default: true)
  }
}

/// BigVGAN's generator (2206.04658), v1 and v2: HiFi-GAN with anti-aliased Snake activations.
///
/// Source: NVIDIA/BigVGAN `bigvgan.py`.
public struct BigVGAN: Sendable {
  public let config: BigVGANConfig
  private let convPre: Conv1d
  private let stages: [(up: ConvTranspose1d, blocks: [AMPBlock])]
  private let activationPost: AntiAliasedSnake
  private let convPost: Conv1d

  /// Takes `conv_pre`, `ups`, `resblocks`, `activation_post` and `conv_post`; weight norms are
  /// folded.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: BigVGANConfig) throws {
    self.config = config
    let c = config.generator
    convPre = try Conv1d(w / "conv_pre", in: c.bands, out: c.channels, kernel: 7, padding: 3)
    stages = try c.rates.indices.map { stage in
      let (rate, kernel) = (c.rates[stage], c.kernels[stage])
      let width = c.channels >> (stage + 1)
      let up = try ConvTranspose1d(
        w / "ups" / stage / 0, in: 2 * width, out: width, kernel: kernel, stride: rate,
        padding: (kernel - rate) / 2)
      let blocks = try c.blockKernels.indices.map { index in
        try AMPBlock(
          w / "resblocks" / (stage * c.blockKernels.count + index), channels: width,
          kernel: c.blockKernels[index], dilations: c.blockDilations[index], config)
      }
      return (up, blocks)
    }
    let width = c.channels >> c.rates.count
    activationPost = try AntiAliasedSnake(
      w / "activation_post", channels: width, hasBeta: config.hasBeta, logScale: config.logScale)
    convPost = try Conv1d(
      w / "conv_post", in: width, out: 1, kernel: 7, padding: 3, bias: config.hasFinalBias)
  }

  /// Log-mel `[B, T, bands]` -> samples `[B, N]`, N about `T * hop`.
  public func callAsFunction(_ mel: Tensor) -> Tensor {
    precondition(mel.rank == 3 && mel.channels == config.generator.bands, "log-mel \(mel.shape)")
    var x = convPre(mel)
    for stage in stages {
      x = stage.up(x)
      var sum = stage.blocks[0](x)
      for block in stage.blocks.dropFirst() { sum.combine(1, block(x), 1) }
      x = sum.scaled(by: 1 / Float(stage.blocks.count))
    }
    let y = convPost(
      activationPost(x, output: convPost.inputType),
      activation: config.endsInTanh ? .tanh : .identity)
    return (config.endsInTanh ? y : y.clamped(to: -1...1)).reshaped([y.shape[0], y.shape[1]])
  }

  /// Anti-aliased multi-periodicity block: dilated convolutions behind Snakes, with residuals.
  private struct AMPBlock: Sendable {
    private let dilated: [Conv1d], plain: [Conv1d]
    private let activations: [AntiAliasedSnake]

    /// Takes `convs1` and `convs2`, or `convs`, and `activations`.
    init(
      _ w: WeightScope, channels: Int, kernel: Int, dilations: [Int], _ c: BigVGANConfig
    ) throws {
      func conv(_ name: String, _ index: Int, _ dilation: Int) throws -> Conv1d {
        try Conv1d(
          w / name / index, in: channels, out: channels, kernel: kernel, dilation: dilation,
          padding: (kernel - 1) * dilation / 2)
      }
      let hasPairs = c.generator.block == .pairs
      dilated = try dilations.enumerated().map { try conv(hasPairs ? "convs1" : "convs", $0, $1) }
      plain = hasPairs ? try dilations.indices.map { try conv("convs2", $0, 1) } : []
      activations = try (0..<dilated.count + plain.count).map {
        try AntiAliasedSnake(
          w / "activations" / $0, channels: channels, hasBeta: c.hasBeta, logScale: c.logScale)
      }
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
      var x = input
      for (index, conv) in dilated.enumerated() {
        if plain.isEmpty {
          conv.add(activations[index](x, output: conv.inputType), to: &x)
        } else {
          let last = plain[index]
          let inner = conv(activations[2 * index](x, output: conv.inputType))
          last.add(activations[2 * index + 1](inner, output: last.inputType), to: &x)
        }
      }
      return x
    }
  }
}
