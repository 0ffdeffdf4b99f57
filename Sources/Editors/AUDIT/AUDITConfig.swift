import Autoencoders
import Checkpoints
import Diffusion

/// Sizes of an AUDIT model by the names of Amphion's text-to-audio experiments
/// (`exp_config.json`, `args.json`; egs/tta in open-mmlab/Amphion).
public struct AUDITConfig: Sendable {
  public let unet: UNet2DConditionConfig
  public let vae: AutoencoderKLConfig
  /// `model.noise_scheduler` as a scheduler's settings.
  let scheduler: String

  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ root: PublishedConfig) throws {
    try root.expect("model_type", .string("AudioLDM"))
    let model = try root.section("model")
    vae = try Self.vae(model.section("autoencoderkl"))
    unet = try Self.unet(model.section("audioldm"))
    let latent = vae.latent
    try model.check(
      unet.outputs == latent && (unet.inputs == latent || unet.inputs == 2 * latent), "audioldm",
      "must give \(latent) channels and take as many, or twice as many to edit with")
    let noise = try model.section("noise_scheduler")
    // Amphion samples by PNDM, whose class its files do not name.
    var settings = noise.members
    settings["_class_name"] = .string("PNDMScheduler")
    scheduler = JSONValue.object(settings).text
  }

  /// The VAE's sizes from its own experiment's settings, or from the diffusion model's.
  static func vae(ofExperiment root: PublishedConfig) throws -> AutoencoderKLConfig {
    try vae(root.section("model").section("autoencoderkl"))
  }

  private static func vae(_ c: PublishedConfig) throws -> AutoencoderKLConfig {
    try c.expect("double_z", .bool(true))
    try c.expect("resamp_with_conv", .bool(true))
    let width = try c.size("ch", in: 1...4096)
    let factors = try c.sizes("ch_mult", in: 1...64)
    try c.check(factors.count <= 8, "ch_mult", "has more than 8 resolutions")
    var config = AutoencoderKLConfig(
      latent: try c.size("z_channels", in: 1...1024), channels: factors.map { $0 * width },
      layers: try c.size("num_res_blocks", in: 1...16), hasAttention: false)
    config.inputs = try c.size("in_channels", in: 1...1)
    config.outputs = try c.size("out_ch", in: 1...1)
    try c.check(width % config.groups == 0, "ch", "must be a multiple of \(config.groups)")
    return config
  }

  private static func unet(_ c: PublishedConfig) throws -> UNet2DConditionConfig {
    try c.expect("use_spatial_transformer", .bool(true))
    for key in ["use_scale_shift_norm", "resblock_updown", "legacy"] {
      try c.expect(key, .bool(false))
    }
    for key in ["num_head_channels", "num_classes", "n_embed"] {
      try c.check(c.value(key) == nil, key, "is not supported")
    }
    let width = try c.size("model_channels", in: 1...4096)
    let factors = try c.sizes("channel_mult", default: [1, 2, 4, 8], in: 1...64)
    try c.check(factors.count <= 8, "channel_mult", "has more than 8 resolutions")
    let heads = try c.size("num_heads", in: 1...1024)
    let attending = try c.sizes("attention_resolutions", in: 1...128)
    let layers = try c.size("num_res_blocks", in: 1...16)
    let context = UNet2DConditionConfig.Attention(
      contextDim: try c.size("context_dim", in: 1...65536))
    let depth = try c.size("transformer_depth", default: 1, in: 1...64)
    var config = UNet2DConditionConfig(
      inputs: try c.size("in_channels", in: 1...1024),
      outputs: try c.size("out_channels", in: 1...1024),
      levels: factors.enumerated().map { index, factor in
        let attends = attending.contains(1 << index)
        return UNet2DConditionConfig.Level(
          channels: factor * width, layers: layers, attentions: [context], attendsDown: attends,
          attendsUp: attends, heads: heads, transformerLayers: depth)
      })
    config.cropsAfterUpsampling = true
    try c.check(
      width % config.groups == 0, "model_channels", "must be a multiple of \(config.groups)")
    try c.check(factors.allSatisfy { $0 * width % heads == 0 }, "num_heads", "divides no level")
    return config
  }
}
