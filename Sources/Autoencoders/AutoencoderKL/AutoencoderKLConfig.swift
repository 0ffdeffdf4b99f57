import Checkpoints

/// Sizes of ``AutoencoderKL``, by the names of `AutoencoderKL` in huggingface/diffusers.
public struct AutoencoderKLConfig: Sendable, Equatable {
  public var inputs = 1
  public var outputs = 1
  /// Channels of a latent.
  public var latent: Int
  /// Channels at each resolution, finest first.
  public var channels: [Int]
  /// Residual blocks at each resolution of the encoder; the decoder has one more.
  public var layers: Int
  public var groups: Int
  /// Whether the coarsest resolution attends to itself.
  public var hasAttention = true
  /// Diffusion works on `latent * scale`.
  public var scale: Float

  /// How much finer the input is than the latents, in height and in width.
  public var reduction: Int { 1 << (channels.count - 1) }

  public init(
    latent: Int, channels: [Int], layers: Int, groups: Int = 32, hasAttention: Bool = true,
    scale: Float = 1
  ) {
    (self.latent, self.channels, self.layers) = (latent, channels, layers)
    (self.groups, self.hasAttention, self.scale) = (groups, hasAttention, scale)
  }

  /// Reads `vae/config.json` of a diffusers folder.
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ c: PublishedConfig) throws {
    channels = try c.sizes("block_out_channels", default: [64], in: 1...8192)
    let levels = channels.count
    try c.check(levels <= 8, "block_out_channels", "has more than 8 resolutions")
    try c.check(
      try c.texts("down_block_types", default: ["DownEncoderBlock2D"])
        == [String](repeating: "DownEncoderBlock2D", count: levels), "down_block_types",
      "must be DownEncoderBlock2D at all \(levels) resolutions")
    try c.check(
      try c.texts("up_block_types", default: ["UpDecoderBlock2D"])
        == [String](repeating: "UpDecoderBlock2D", count: levels), "up_block_types",
      "must be UpDecoderBlock2D at all \(levels) resolutions")
    try c.expect("act_fn", .string("silu"))
    try c.expect("use_quant_conv", .bool(true))
    try c.expect("use_post_quant_conv", .bool(true))
    for key in ["shift_factor", "latents_mean", "latents_std"] {
      try c.check(c.value(key) == nil, key, "is not supported")
    }
    inputs = try c.size("in_channels", default: 3, in: 1...64)
    outputs = try c.size("out_channels", default: 3, in: 1...64)
    latent = try c.size("latent_channels", default: 4, in: 1...1024)
    layers = try c.size("layers_per_block", default: 1, in: 1...16)
    groups = try c.size("norm_num_groups", default: 32, in: 1...1024)
    hasAttention = try c.flag("mid_block_add_attention", default: true)
    scale = Float(try c.number("scaling_factor", default: 0.18215))
    try c.check(
      channels.allSatisfy { $0 % groups == 0 }, "norm_num_groups", "does not divide the channels")
    try c.check(scale > 0 && scale.isFinite, "scaling_factor", "must be positive")
  }
}
