import Checkpoints
import Layers
import Tensors

/// What a U-Net's transformers attend to.
public struct UNetContext: Sendable {
  /// `[B, T, contextDim]`
  public var states: Tensor
  /// Which of the states count; nil: all.
  public var mask: KeyMask?
  /// Whose attention to the states one of the items borrows.
  public var control: AttentionControl?

  public init(_ states: Tensor, mask: KeyMask? = nil) {
    (self.states, self.mask) = (states, mask)
  }
}

/// The denoiser of latent diffusion (2112.10752): residual blocks with transformers at several
/// resolutions, each joined to its counterpart on the way up.
///
/// Source: `UNet2DConditionModel` and `AudioLDM2UNet2DConditionModel` in huggingface/diffusers
/// (models/unets/unet_2d_condition.py, pipelines/audioldm2/modeling_audioldm2.py), names and
/// arithmetic. Pictures are `[B, H, W, C]`.
public struct UNet2DConditionModel: Sendable {
  public let config: UNet2DConditionConfig
  private let convIn: Conv2d
  private let time1: Linear, time2: Linear
  private let classProjection: Linear?
  private let down: [DownBlock]
  private let middle: MiddleBlock
  private let up: [UpBlock]
  private let normOut: GroupNorm, convOut: Conv2d

  /// Takes `conv_in`, `time_embedding`, `class_embedding`, `down_blocks.N`, `mid_block`,
  /// `up_blocks.N`, `conv_norm_out` and `conv_out`.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: UNet2DConditionConfig) throws {
    self.config = config
    let first = config.levels[0].channels
    let timeDim = 4 * first
    convIn = try Conv2d(
      w / "conv_in", in: config.inputs, out: first, kernel: (3, 3), padding: (1, 1))
    time1 = try Linear(w / "time_embedding.linear_1", in: first, out: timeDim)
    time2 = try Linear(w / "time_embedding.linear_2", in: timeDim, out: timeDim)
    classProjection = try config.classVector.map {
      try Linear(w / "class_embedding", in: $0.dim, out: timeDim)
    }
    var skips = [first]
    var width = first
    down = try config.levels.indices.map { index in
      let level = config.levels[index]
      defer { width = level.channels }
      skips += [Int](repeating: level.channels, count: level.layers)
      let isLast = index == config.levels.count - 1
      if !isLast { skips.append(level.channels) }
      return try DownBlock(
        w / "down_blocks" / index, in: width, level, config, downsamples: !isLast)
    }
    middle = try MiddleBlock(w / "mid_block", config)
    up = try config.levels.reversed().enumerated().map { index, level in
      defer { width = level.channels }
      let own = Array(skips.suffix(level.layers + 1).reversed())
      skips.removeLast(own.count)
      let isLast = index == config.levels.count - 1
      return try UpBlock(
        w / "up_blocks" / index, in: width, skips: own, level, config, upsamples: !isLast)
    }
    normOut = try GroupNorm(
      w / "conv_norm_out", groups: config.groups, channels: first, epsilon: config.epsilon)
    convOut = try Conv2d(
      w / "conv_out", in: first, out: config.outputs, kernel: (3, 3), padding: (1, 1))
  }

  /// What the network predicts for noisy latents.
  ///
  /// - Parameters:
  ///   - sample: `[B, H, W, inputs]`
  ///   - timesteps: one for each item, in training steps.
  ///   - contexts: what the transformers attend to, as many as the config names; without any they
  ///     attend to the picture itself (AudioLDM).
  ///   - classVector: `[B, classVector.dim]` when the config has one.
  /// - Returns: `[B, H, W, outputs]`
  public func callAsFunction(
    _ sample: Tensor, timesteps: [Float], contexts: [UNetContext] = [], classVector: Tensor? = nil
  ) -> Tensor {
    precondition(
      sample.rank == 4 && sample.channels == config.inputs && timesteps.count == sample.shape[0],
      "latents \(sample.shape) at \(timesteps.count) times")
    let time = timeVector(timesteps, classVector)
    var x = convIn(sample)
    var skips = [x]
    for block in down { block(&x, &skips, time, contexts) }
    x = middle(x, time, contexts)
    for block in up { block(&x, &skips, time, contexts) }
    return convOut(normOut(x, activation: .silu, output: convOut.inputType))
  }

  /// The vector of timestep and class that all blocks take, after the SiLU that each applies.
  private func timeVector(_ timesteps: [Float], _ classVector: Tensor?) -> Tensor {
    let features = timestepFeatures(timesteps, size: config.levels[0].channels, scale: 1)
    var time = time2(time1(features, activation: .silu))
    if let projection = classProjection, let own = config.classVector {
      guard let classVector, classVector.shape == [timesteps.count, own.dim] else {
        preconditionFailure("a class vector [\(timesteps.count), \(own.dim)] is needed")
      }
      let vector = projection(classVector)
      time = own.isConcatenated ? Tensor.joined(time, vector) : time.adding(vector)
    }
    return time.applying(.silu)
  }
}
