import Autoencoders
import Checkpoints
import Diffusion
import FoundationEssentials
import Layers
import Signal
import Tensors
import TextEncoders
import Tokenizers
import Vocoders

/// AUDIT (2304.00830) in the layout of Amphion's text-to-audio models: a VAE without attention, a
/// U-Net that attends to T5's states, HiFi-GAN. With twice the latent's channels at its input the
/// U-Net edits: the latents of what an instruction works on are concatenated to the noisy ones.
///
/// Source: open-mmlab/Amphion `models/tta/ldm/audioldm_inference.py`. Its pictures are turned: bands
/// go down, time goes right.
public struct AUDIT: TextToAudioModel {
  public let mel = MelLayout.audit16kHz
  public let schedule: SchedulerConfig
  /// The recipe's own: 200 steps and a guidance of 4 (`bins/tta/inference.py`).
  public let defaults = SamplingSettings(steps: 200, guidance: 4)
  private let config: AUDITConfig
  private let vae: AutoencoderKL
  private let unet: UNet2DConditionModel
  private let text: T5Encoder
  private let tokenizer: Tokenizer
  private let vocoder: HiFiGAN

  /// Frames of the mel that the models were trained on.
  private static let trainedFrames = 624
  /// Tokens of the longest text.
  private static let maxTokens = 512

  /// The files of a model; each may be of any format that `openCheckpoint` reads.
  public struct Files: Sendable {
    /// `exp_config.json` or `args.json` of the diffusion model's experiment.
    public var config: String
    /// Checkpoints of the diffusion model and of the VAE, `{"model": …}`.
    public var unet: String, vae: String
    /// T5's folder (transformers), and HiFi-GAN's checkpoint `{"generator": …}` with its
    /// `config.json`.
    public var text: String, vocoder: String, vocoderConfig: String

    public init(_ folder: AmphionFolder) {
      func at(_ name: String) -> String { folder.path + "/" + name }
      self.init(
        config: at(folder.config), unet: at(folder.unet), vae: at(folder.vae),
        text: at(folder.text), vocoder: at(folder.vocoder),
        vocoderConfig: at(folder.vocoderConfig))
    }

    public init(
      config: String, unet: String, vae: String, text: String, vocoder: String,
      vocoderConfig: String
    ) {
      (self.config, self.unet, self.vae) = (config, unet, vae)
      (self.text, self.vocoder, self.vocoderConfig) = (text, vocoder, vocoderConfig)
    }
  }

  /// - Throws: `CheckpointError`, `T5Error`, `TokenizerError` or `SchedulerError`; also when the
  ///   parts do not fit each other.
  public init(_ files: Files) throws {
    let config = try AUDITConfig(PublishedConfig(relaxedJSON: files.config))
    self.config = config
    schedule = try SchedulerConfig(json: Data(config.scheduler.utf8))
    unet = try Self.load(files.unet, config.unet.latentDiffusionNames(prefix: "model.unet.")) {
      try UNet2DConditionModel($0, config: config.unet)
    }
    vae = try Self.load(files.vae, config.vae.latentDiffusionNames(prefix: "model.")) {
      try AutoencoderKL($0, config: config.vae)
    }
    let weights = try openCheckpoint(files.vocoder).scope() / "generator"
    vocoder = try HiFiGAN(
      weights, config: HiFiGANConfig(original: PublishedConfig(path: files.vocoderConfig)))
    try weights.finish()
    let t5 = try T5Config(contentsOf: URL(filePath: files.text + "/config.json"))
    guard let statesFile = PublishedModel.weightFile(in: files.text + "/") else {
      throw CheckpointError.package(
        folder: files.text, problem: "it holds no weights (model.safetensors, …)",
        hint: "fetch it again with all its files")
    }
    let states = try openCheckpoint(files.text + "/" + statesFile).scope()
    text = try T5Encoder(states, config: t5)
    try states.finish()
    tokenizer = try Tokenizer(folder: files.text)
    let bands = mel.bands
    guard vocoder.config.bands == bands, vocoder.config.hop == mel.stft.hopSamples,
      bands % vae.config.reduction == 0,
      config.unet.levels.allSatisfy({ $0.attentions[0].contextDim == t5.dim })
    else {
      throw CheckpointError.malformed(
        file: files.config, problem: "its VAE, U-Net, text encoder and vocoder do not fit")
    }
  }

  private static func load<Network>(
    _ path: String, _ names: NameMap, _ make: (WeightScope) throws -> Network
  ) throws -> Network {
    let scope = try RenamedCheckpoint(openCheckpoint(path), names: names).scope()
    let network = try make(scope)
    ignoreTraining(scope)
    try scope.finish()
    return network
  }

  /// Amphion's checkpoints hold the optimizer, too; everything below `model` must be used.
  private static func ignoreTraining(_ scope: WeightScope) {
    for other in ["optimizer", "scheduler"] { (scope / other).ignoreAll() }
    for other in ["step", "epoch", "batch_size"] { scope.ignore(other) }
  }

  /// Looks up every tensor of the U-Net in a checkpoint, for a check.
  public static func surveyUNet(_ checkpoint: any Checkpoint, config path: String) throws {
    let config = try AUDITConfig(PublishedConfig(relaxedJSON: path)).unet
    try survey(checkpoint, config.latentDiffusionNames(prefix: "model.unet.")) {
      _ = try UNet2DConditionModel($0, config: config)
    }
  }

  /// Looks up every tensor of the VAE in a checkpoint, for a check.
  public static func surveyVAE(_ checkpoint: any Checkpoint, config path: String) throws {
    let config = try AUDITConfig.vae(ofExperiment: PublishedConfig(relaxedJSON: path))
    try survey(checkpoint, config.latentDiffusionNames(prefix: "model.")) {
      _ = try AutoencoderKL($0, config: config)
    }
  }

  private static func survey(
    _ checkpoint: any Checkpoint, _ names: NameMap, _ make: (WeightScope) throws -> Void
  ) throws {
    let scope = WeightScope(surveying: try RenamedCheckpoint(checkpoint, names: names))
    try make(scope)
    ignoreTraining(scope)
    try scope.finish()
  }

  public var framesPerLatent: Int { vae.config.reduction }
  public var latentShape: (width: Int, channels: Int) {
    (mel.bands / vae.config.reduction, vae.config.latent)
  }
  public var trainedLatents: Int { Self.trainedFrames / vae.config.reduction }
  public var takesSource: Bool { config.unet.inputs == 2 * config.vae.latent }

  public func condition(_ prompt: String, negative: String?) throws -> TextCondition {
    let ids = tokens(prompt)
    // The reference fills the negative text up to the prompt's length and attends to the filling.
    let texts = [ids] + (negative.map { [filled(tokens($0), to: ids.count)] } ?? [])
    let states = try texts.map { try text($0) }
    return TextCondition(contexts: [UNetContext(Tensor.stack(states))], count: texts.count)
  }

  public var wordContext: Int? { 0 }
  public func wordTokens(_ text: String) -> [Int] { tokens(text) }

  private func tokens(_ prompt: String) -> [Int] {
    let ids = tokenizer.encode(prompt)
    return ids.count <= Self.maxTokens ? ids : ids.prefix(Self.maxTokens - 1) + ids.suffix(1)
  }

  private func filled(_ ids: [Int], to count: Int) -> [Int] {
    ids.count > count
      ? ids.prefix(count - 1) + ids.suffix(1)
      : ids + [Int](repeating: text.config.padToken, count: count - ids.count)
  }

  public func denoise(
    _ latents: Tensor, at time: Float, _ condition: TextCondition
  ) throws -> Tensor {
    precondition(takesSource == (condition.source != nil), "an editing model needs its source")
    let item = condition.source.map { Tensor.joined(latents, $0) } ?? latents
    let batch = item.turned().repeated(toItems: condition.count)
    return unet(
      batch, timesteps: [Float](repeating: time, count: condition.count),
      contexts: condition.contexts
    ).turned()
  }

  public func encode(_ mel: Tensor) throws -> Tensor {
    vae.distribution(mel.reshaped([1] + mel.shape + [1]).turned()).mean.turned()
  }

  public func decode(_ latents: Tensor) throws -> Tensor {
    let mel = vae.decode(latents.turned()).turned()
    return mel.reshaped([mel.shape[1], mel.shape[2]])
  }

  public func speak(_ mel: Tensor) throws -> [Float] {
    vocoder(mel.reshaped([1] + mel.shape)).floats
  }
}

extension Tensor {
  /// Height and width exchanged: `[B, H, W, C] -> [B, W, H, C]`.
  fileprivate func turned() -> Tensor {
    let (items, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    var out = Tensor(uninitialized: [items, width, height, channels])
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for row in 0..<items * width * height {
          let (item, x, y) = (row / (width * height), row / height % width, row % height)
          (to + row * channels).update(
            from: from + ((item * height + y) * width + x) * channels, count: channels)
        }
      }
    }
    return out
  }
}
