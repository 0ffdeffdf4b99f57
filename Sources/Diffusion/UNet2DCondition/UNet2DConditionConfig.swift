import Checkpoints

/// Sizes of ``UNet2DConditionModel``, by the names of huggingface/diffusers.
public struct UNet2DConditionConfig: Sendable, Equatable {
  /// What the transformers behind a residual block attend to.
  public struct Attention: Sendable, Equatable {
    /// Width of the context; nil attends to the picture itself twice.
    public var contextDim: Int?
    /// Which of the model's contexts it is.
    public var context: Int

    public init(contextDim: Int?, context: Int = 0) {
      (self.contextDim, self.context) = (contextDim, context)
    }
  }

  /// One resolution.
  public struct Level: Sendable, Equatable {
    public var channels: Int
    /// Residual blocks on the way down; one more on the way up.
    public var layers: Int
    /// Transformers behind each residual block, in their order.
    public var attentions: [Attention]
    /// Whether they are there on the way down, and on the way up.
    public var attendsDown: Bool
    public var attendsUp: Bool
    public var heads: Int
    /// Blocks of each transformer.
    public var transformerLayers: Int

    public init(
      channels: Int, layers: Int, attentions: [Attention], attendsDown: Bool, attendsUp: Bool,
      heads: Int, transformerLayers: Int = 1
    ) {
      (self.channels, self.layers, self.attentions) = (channels, layers, attentions)
      (self.attendsDown, self.attendsUp) = (attendsDown, attendsUp)
      (self.heads, self.transformerLayers) = (heads, transformerLayers)
    }
  }

  /// A vector that joins the timestep's.
  public struct ClassVector: Sendable, Equatable {
    public var dim: Int
    /// Put beside the timestep's vector ("film" conditioning of AudioLDM) rather than added to it.
    public var isConcatenated: Bool
  }

  /// Channels of the input: the noisy latents and what is concatenated to them.
  public var inputs: Int
  public var outputs: Int
  /// Finest resolution first.
  public var levels: [Level]
  public var groups = 32
  public var epsilon: Float = 1e-5
  public var linearProjection = false
  public var classVector: ClassVector?
  /// Height of the latents that the model was trained on.
  public var sampleSize: Int?
  /// Odd sizes on the way up: true convolves the doubled picture and cuts it to its counterpart
  /// (latent diffusion's own code), false cuts before (diffusers).
  public var cropsAfterUpsampling = false

  /// Width of the timestep's vector in the blocks.
  var timeDim: Int { (classVector?.isConcatenated == true ? 2 : 1) * 4 * levels[0].channels }

  public init(inputs: Int, outputs: Int, levels: [Level]) {
    precondition(!levels.isEmpty)
    (self.inputs, self.outputs, self.levels) = (inputs, outputs, levels)
  }

  /// Reads `unet/config.json` of a diffusers folder, of a `UNet2DConditionModel` or an
  /// `AudioLDM2UNet2DConditionModel`.
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ c: PublishedConfig) throws {
    try Self.refuseUnsupported(c)
    let channels = try c.sizes("block_out_channels", default: [320, 640, 1280, 1280], in: 1...8192)
    let count = channels.count
    try c.check(count <= 8, "block_out_channels", "has more than 8 resolutions")
    let layers = try c.sizes(
      "layers_per_block", default: [Int](repeating: 2, count: count), count: count, in: 1...16)
    let heads = try c.sizes(
      "attention_head_dim", default: [Int](repeating: 8, count: count), count: count, in: 1...1024)
    let depths = try c.sizes(
      "transformer_layers_per_block", default: [Int](repeating: 1, count: count), count: count,
      in: 1...64)
    let plain = (down: "DownBlock2D", up: "UpBlock2D")
    let attending = (down: "CrossAttnDownBlock2D", up: "CrossAttnUpBlock2D")
    func kinds(_ key: String, _ attending: String, _ plain: String) throws -> [Bool] {
      let names = try c.texts(key)
      try c.check(
        names.count == count && names.allSatisfy { $0 == attending || $0 == plain }, key,
        "must name \(attending) or \(plain) for each of the \(count) resolutions")
      return names.map { $0 == attending }
    }
    let down = try kinds("down_block_types", attending.down, plain.down)
    let up = Array(try kinds("up_block_types", attending.up, plain.up).reversed())
    let attentions = try Self.attentions(c, count: count)
    self.init(
      inputs: try c.size("in_channels", default: 4, in: 1...1024),
      outputs: try c.size("out_channels", default: 4, in: 1...1024),
      levels: (0..<count).map {
        Level(
          channels: channels[$0], layers: layers[$0], attentions: attentions[$0],
          attendsDown: down[$0], attendsUp: up[$0], heads: heads[$0],
          transformerLayers: depths[$0])
      })
    groups = try c.size("norm_num_groups", default: 32, in: 1...1024)
    epsilon = Float(try c.number("norm_eps", default: 1e-5))
    linearProjection = try c.flag("use_linear_projection", default: false)
    if c.value("class_embed_type") != nil {
      classVector = ClassVector(
        dim: try c.size("projection_class_embeddings_input_dim", in: 1...65536),
        isConcatenated: try c.flag("class_embeddings_concat", default: false))
    }
    sampleSize = c.value("sample_size") == nil ? nil : try c.size("sample_size", in: 1...65536)
    try c.check(
      channels.allSatisfy { $0 % groups == 0 }, "norm_num_groups", "does not divide the channels")
    try c.check(
      zip(channels, heads).allSatisfy { $0 % $1 == 0 }, "attention_head_dim",
      "(the number of heads) does not divide the channels")
  }

  /// Refuses fields that ask for other arithmetic with weights of the same names and shapes, or for
  /// parts that are not there.
  private static func refuseUnsupported(_ c: PublishedConfig) throws {
    try c.expect("act_fn", .string("silu"))
    try c.expect("mid_block_type", .string("UNetMidBlock2DCrossAttn"))
    try c.expect("resnet_time_scale_shift", .string("default"))
    try c.expect("time_embedding_type", .string("positional"))
    try c.expect("class_embed_type", .string("simple_projection"))
    try c.expect("attention_type", .string("default"))
    try c.expect("flip_sin_to_cos", .bool(true))
    for key in [
      "center_input_sample", "only_cross_attention", "dual_cross_attention",
      "resnet_skip_time_act", "mid_block_only_cross_attention",
    ] { try c.expect(key, .bool(false)) }
    for key in ["downsample_padding", "mid_block_scale_factor", "resnet_out_scale_factor"] {
      try c.expect(key, .integer(1), .number(1))
    }
    try c.expect("freq_shift", .integer(0))
    for key in ["conv_in_kernel", "conv_out_kernel"] { try c.expect(key, .integer(3)) }
    for key in [
      "num_attention_heads", "addition_embed_type", "encoder_hid_dim_type", "encoder_hid_dim",
      "num_class_embeds", "time_embedding_dim", "time_embedding_act_fn", "timestep_post_act",
      "time_cond_proj_dim", "cross_attention_norm", "reverse_transformer_layers_per_block",
    ] { try c.check(c.value(key) == nil, key, "is not supported") }
  }

  /// `cross_attention_dim`: one width, one for each resolution, or (AudioLDM 2) for each resolution
  /// a list with one for each transformer, where `null` is no context and the third and later ones
  /// look at the second context.
  private static func attentions(_ c: PublishedConfig, count: Int) throws -> [[Attention]] {
    let range = 1...65536
    func single(_ dim: Int) -> [Attention] { [Attention(contextDim: dim)] }
    guard let value = c.value("cross_attention_dim") else {
      return [[Attention]](repeating: single(1280), count: count)
    }
    if value.integer != nil {
      let dim = try c.size("cross_attention_dim", in: range)
      return [[Attention]](repeating: single(dim), count: count)
    }
    let problem = "must be a width, or a list of widths or of lists for the \(count) resolutions"
    let items = value.array ?? []
    try c.check(items.count == count, "cross_attention_dim", problem)
    return try items.map { item in
      let dims = item.array ?? [item]
      try c.check((1...4).contains(dims.count), "cross_attention_dim", problem)
      return try dims.enumerated().map { index, dim in
        if item.array != nil && dim == .null { return Attention(contextDim: nil) }
        try c.check(
          dim.integer.map { range.contains($0) } ?? false, "cross_attention_dim", problem)
        return Attention(contextDim: dim.integer, context: index > 1 ? 1 : 0)
      }
    }
  }
}
