import Checkpoints

/// Sizes of ``HiFiGAN``.
public struct HiFiGANConfig: Sendable, Equatable {
  /// The residual blocks' form: V1 and V2 of the paper have the first, V3 the second.
  public enum Block: Sendable {
    /// A dilated and a plain convolution for each dilation.
    case pairs
    /// A dilated convolution for each dilation.
    case singles
  }

  /// How the publisher names the tensors.
  public enum Names: Sendable {
    /// jik876/hifi-gan: `ups`.
    case original
    /// `SpeechT5HifiGan` of huggingface/transformers: `upsampler`, and the mel's `mean` and `scale`.
    case speechT5
  }

  public let bands: Int
  public let sampleRateHz: Int
  /// Channels before the first upsampling; each halves them.
  public let channels: Int
  public let rates: [Int]
  public let kernels: [Int]
  public let block: Block
  public let blockKernels: [Int]
  public let blockDilations: [[Int]]
  public let slope: Float
  /// Whether the mel is brought to `(mel - mean) / scale` first.
  public let normalises: Bool
  public let names: Names

  /// Samples of one mel frame.
  public var hop: Int { rates.reduce(1, *) }

  /// Reads the `config.json` of jik876/hifi-gan (and of Amphion's text-to-audio vocoder).
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(original c: PublishedConfig) throws {
    let kind = try c.text("resblock", default: "1")
    try c.check(kind == "1" || kind == "2", "resblock", "must be \"1\" or \"2\"")
    try self.init(
      c, bands: "num_mels", block: kind == "1" ? .pairs : .singles, slope: 0.1, normalises: false,
      names: .original)
  }

  /// Reads `vocoder/config.json` of a diffusers folder.
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(speechT5 c: PublishedConfig) throws {
    try c.expect("model_type", .string("hifigan"), .string("speecht5_hifigan"))
    try self.init(
      c, bands: "model_in_dim", block: .pairs,
      slope: Float(try c.number("leaky_relu_slope", default: 0.1)),
      normalises: try c.flag("normalize_before", default: true), names: .speechT5)
  }

  private init(
    _ c: PublishedConfig, bands key: String, block: Block, slope: Float, normalises: Bool,
    names: Names
  ) throws {
    bands = try c.size(key, default: 80, in: 1...4096)
    sampleRateHz = try c.size("sampling_rate", default: 16000, in: 1000...768_000)
    channels = try c.size("upsample_initial_channel", default: 512, in: 1...8192)
    rates = try c.sizes("upsample_rates", default: [4, 4, 4, 4], in: 1...1024)
    kernels = try c.sizes("upsample_kernel_sizes", default: [8, 8, 8, 8], in: 1...4096)
    blockKernels = try c.sizes("resblock_kernel_sizes", default: [3, 7, 11], in: 1...1023)
    blockDilations = try c.sizeLists(
      "resblock_dilation_sizes", default: [[1, 3, 5], [1, 3, 5], [1, 3, 5]], in: 1...1024)
    (self.block, self.slope, self.normalises, self.names) = (block, slope, normalises, names)
    try c.check(
      kernels.count == rates.count && zip(kernels, rates).allSatisfy { $0 >= $1 },
      "upsample_kernel_sizes", "must hold a size for each upsample rate, at least as large")
    try c.check(
      rates.count < 16 && channels % (1 << rates.count) == 0, "upsample_initial_channel",
      "cannot be halved \(rates.count) times")
    try c.check(
      rates.reduce(1) { min(1 << 20, $0 * $1) } < 1 << 16, "upsample_rates", "are too large")
    try c.check(
      blockKernels.allSatisfy { $0 % 2 == 1 } && blockDilations.count == blockKernels.count,
      "resblock_dilation_sizes", "must hold a list for each of resblock_kernel_sizes, which are odd"
    )
  }
}
