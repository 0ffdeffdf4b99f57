import Checkpoints
import Layers
import Tensors

/// The transformers behind one residual block.
struct UNetAttentions: Sendable {
  private let transformers: [Transformer2D]
  private let attentions: [UNet2DConditionConfig.Attention]

  /// Takes `attentions.N`, N from `first` on.
  init(
    _ w: WeightScope, first: Int, _ level: UNet2DConditionConfig.Level,
    _ config: UNet2DConditionConfig
  ) throws {
    attentions = level.attentions
    transformers = try level.attentions.enumerated().map { index, attention in
      try Transformer2D(
        w / "attentions" / (first + index), channels: level.channels,
        contextDim: attention.contextDim, heads: level.heads, layers: level.transformerLayers,
        groups: config.groups, linearProjection: config.linearProjection)
    }
  }

  func callAsFunction(_ x: inout Tensor, _ contexts: [UNetContext]) {
    for (transformer, attention) in zip(transformers, attentions) {
      let isContext = attention.contextDim != nil && !contexts.isEmpty
      let context = isContext ? contexts[attention.context] : nil
      x = transformer(
        x, context: context?.states, mask: context?.mask, control: context?.control)
    }
  }
}

/// Residual blocks, each with its transformers.
private struct UNetLayers: Sendable {
  private let blocks: [ResnetBlock2D]
  private let attentions: [UNetAttentions]
  var count: Int { blocks.count }

  /// Takes `resnets.N` and, when it attends, `attentions.N`.
  ///
  /// - Parameter inputs: channels of each residual block's input.
  init(
    _ w: WeightScope, inputs: [Int], attends: Bool, _ level: UNet2DConditionConfig.Level,
    _ config: UNet2DConditionConfig
  ) throws {
    blocks = try inputs.enumerated().map { index, width in
      try ResnetBlock2D(
        w / "resnets" / index, in: width, out: level.channels, timeDim: config.timeDim,
        groups: config.groups, epsilon: config.epsilon)
    }
    attentions =
      !attends
      ? []
      : try inputs.indices.map {
        try UNetAttentions(w, first: $0 * level.attentions.count, level, config)
      }
  }

  func callAsFunction(
    _ index: Int, _ x: Tensor, _ time: Tensor, _ contexts: [UNetContext]
  ) -> Tensor {
    var h = blocks[index](x, time: time)
    if !attentions.isEmpty { attentions[index](&h, contexts) }
    return h
  }
}

/// One resolution on the way down.
struct DownBlock: Sendable {
  private let layers: UNetLayers
  private let downsample: Downsample2D?

  init(
    _ w: WeightScope, in inputs: Int, _ level: UNet2DConditionConfig.Level,
    _ config: UNet2DConditionConfig, downsamples: Bool
  ) throws {
    let widths = [inputs] + [Int](repeating: level.channels, count: level.layers - 1)
    layers = try UNetLayers(w, inputs: widths, attends: level.attendsDown, level, config)
    let down = w / "downsamplers.0"
    downsample =
      downsamples ? try Downsample2D(down, channels: level.channels, padding: .around) : nil
  }

  /// - Parameter skips: gets what the way up will need.
  func callAsFunction(
    _ x: inout Tensor, _ skips: inout [Tensor], _ time: Tensor, _ contexts: [UNetContext]
  ) {
    for index in 0..<layers.count {
      x = layers(index, x, time, contexts)
      skips.append(x)
    }
    guard let downsample else { return }
    x = downsample(x)
    skips.append(x)
  }
}

/// The coarsest resolution: residual block, transformers, residual block.
struct MiddleBlock: Sendable {
  private let first: ResnetBlock2D, attentions: UNetAttentions, second: ResnetBlock2D

  init(_ w: WeightScope, _ config: UNet2DConditionConfig) throws {
    let level = config.levels[config.levels.count - 1]
    func block(_ index: Int) throws -> ResnetBlock2D {
      try ResnetBlock2D(
        w / "resnets" / index, in: level.channels, out: level.channels, timeDim: config.timeDim,
        groups: config.groups, epsilon: config.epsilon)
    }
    first = try block(0)
    attentions = try UNetAttentions(w, first: 0, level, config)
    second = try block(1)
  }

  func callAsFunction(_ x: Tensor, _ time: Tensor, _ contexts: [UNetContext]) -> Tensor {
    var h = first(x, time: time)
    attentions(&h, contexts)
    return second(h, time: time)
  }
}

/// One resolution on the way up.
struct UpBlock: Sendable {
  private let layers: UNetLayers
  private let upsample: Upsample2D?
  private let cropsAfter: Bool

  /// - Parameter skips: channels of what comes from the way down, in the order of use.
  init(
    _ w: WeightScope, in inputs: Int, skips: [Int], _ level: UNet2DConditionConfig.Level,
    _ config: UNet2DConditionConfig, upsamples: Bool
  ) throws {
    let widths = skips.enumerated().map { $1 + ($0 == 0 ? inputs : level.channels) }
    layers = try UNetLayers(w, inputs: widths, attends: level.attendsUp, level, config)
    upsample = upsamples ? try Upsample2D(w / "upsamplers.0", channels: level.channels) : nil
    cropsAfter = config.cropsAfterUpsampling
  }

  /// - Parameter skips: what the way down left; its last ones are used up.
  func callAsFunction(
    _ x: inout Tensor, _ skips: inout [Tensor], _ time: Tensor, _ contexts: [UNetContext]
  ) {
    for index in 0..<layers.count {
      x = layers(index, Tensor.joined(x, skips.removeLast()), time, contexts)
    }
    guard let upsample, let next = skips.last else { return }
    let size = (height: next.shape[1], width: next.shape[2])
    x = cropsAfter ? upsample(x).cropped(to: size) : upsample(x, to: size)
  }
}
