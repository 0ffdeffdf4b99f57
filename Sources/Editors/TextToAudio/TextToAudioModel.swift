import Diffusion
import Signal
import Tensors

/// What the denoiser of a text-to-audio model gets beside the noisy latents, for one text or several.
public struct TextCondition: Sendable {
  /// What its transformers attend to, `[B, T, C]` each.
  public var contexts: [UNetContext] = []
  /// A vector beside the timestep's, `[B, C]`.
  public var vector: Tensor?
  /// Latents concatenated to the noisy ones, `[1, T, W, C]`: what an instruction works on.
  public var source: Tensor?
  /// Number of texts.
  public let count: Int

  public init(contexts: [UNetContext] = [], vector: Tensor? = nil, count: Int) {
    (self.contexts, self.vector, self.count) = (contexts, vector, count)
  }
}

/// A latent diffusion model that makes sound of a text: its parts, for generation and for editing
/// alike.
///
/// Latents are `[1, T, W, C]`: time, the mel bands reduced, channels; they are scaled as the denoiser
/// has them. Mel frames are `[frames, bands]`, `framesPerLatent` of them for each latent time.
public protocol TextToAudioModel: Sendable {
  var mel: MelLayout { get }
  var framesPerLatent: Int { get }
  /// Width and channels of the latents, and the latent times that the model was trained on.
  var latentShape: (width: Int, channels: Int) { get }
  var trainedLatents: Int { get }
  /// Noise and prediction of the training.
  var schedule: SchedulerConfig { get }
  var defaults: SamplingSettings { get }
  /// Whether the denoiser needs the latents of a sound to edit by an instruction; it makes nothing
  /// of a text alone then.
  var takesSource: Bool { get }

  /// What a text and the text that guidance leads away from contribute, in this order; the first
  /// alone without a second.
  ///
  /// - Throws: what the tokenizer or the encoder finds wrong with a text.
  func condition(_ text: String, negative: String?) throws -> TextCondition

  /// Which of the contexts holds a state for each token of a text; nil where the denoiser attends to
  /// no words.
  var wordContext: Int? { get }
  /// The tokens of a text in that context, an end mark last.
  func wordTokens(_ text: String) -> [Int]

  /// The denoiser's answer for each text of the condition: `[1, T, W, C]`, or latents of its own for
  /// each text, -> `[B, T, W, C]`.
  ///
  /// - Parameter time: in training steps, as the scheduler counts.
  func denoise(_ latents: Tensor, at time: Float, _ condition: TextCondition) throws -> Tensor

  /// The mean latents of mel frames, a multiple of `framesPerLatent`.
  func encode(_ mel: Tensor) throws -> Tensor

  /// The mel frames of latents.
  func decode(_ latents: Tensor) throws -> Tensor

  /// The samples of mel frames, at the mel's rate.
  func speak(_ mel: Tensor) throws -> [Float]
}

extension TextToAudioModel {
  public var takesSource: Bool { false }
  public var wordContext: Int? { nil }
  public func wordTokens(_ text: String) -> [Int] { [] }

  /// The denoiser's answer, led away from the negative text when there is one (2207.12598).
  public func guidedNoise(
    _ latents: Tensor, at time: Float, _ condition: TextCondition, guidance: Float
  ) throws -> Tensor {
    let answers = try denoise(latents, at: time, condition)
    return condition.count == 1 ? answers : guided(answers, weight: guidance)
  }

  /// Sound of a text.
  ///
  /// - Parameters:
  ///   - negative: what guidance leads away from; used when `settings.guidance` is above 1.
  ///   - seconds: length; nil takes the length of the training.
  ///   - noise: standard normal deviates `[1, T, W, C]` to start from; nil draws them from `random`.
  ///   - onStep: called with the calls of the denoiser that are done and all of them; may throw to
  ///     cancel.
  /// - Returns: samples at `mel.sampleRateHz`.
  public func generate(
    _ text: String, negative: String = "", seconds: Double? = nil, settings: SamplingSettings,
    noise: Tensor? = nil, random: inout Philox, onStep: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [Float] {
    let length = TextToAudioLength(seconds: seconds, self)
    let condition = try condition(text, negative: settings.guidance > 1 ? negative : nil)
    let shape = [1, length.latents, latentShape.width, latentShape.channels]
    let start = noise ?? random.normals(shape)
    precondition(start.shape == shape, "noise \(start.shape), not \(shape)")
    let latents = try sample(
      from: start, condition, settings: settings, random: &random, onStep: onStep)
    return Array(try speak(decode(latents)).prefix(length.samples))
  }

  /// Latents of a condition, by the model's own scheduler.
  ///
  /// - Parameter noise: standard normal deviates `[1, T, W, C]` to start from.
  func sample(
    from noise: Tensor, _ condition: TextCondition, settings: SamplingSettings,
    random: inout Philox, onStep: (Int, Int) throws -> Void
  ) throws -> Tensor {
    var scheduler = try schedule.scheduler(steps: settings.steps)
    let calls = scheduler.times.count
    var done = 0
    let latents = try scheduler.sample(
      from: noise.scaled(by: scheduler.initialSigma), random: &random
    ) { x, time in
      defer { done += 1 }
      try onStep(done, calls)
      return try guidedNoise(x, at: time, condition, guidance: settings.guidance)
    }
    try onStep(calls, calls)
    return latents
  }
}

/// How long a generated sound is, in samples and in latents.
struct TextToAudioLength {
  let samples: Int
  let latents: Int

  init(seconds: Double?, _ model: some TextToAudioModel) {
    let samplesPerLatent = model.mel.stft.hopSamples * model.framesPerLatent
    guard let seconds else {
      latents = model.trainedLatents
      samples = latents * samplesPerLatent
      return
    }
    samples = Int(seconds * Double(model.mel.sampleRateHz))
    latents = max(1, (samples + samplesPerLatent - 1) / samplesPerLatent)
  }
}

extension Tensor {
  /// One item as often as is asked for; that many items as they are.
  func repeated(toItems count: Int) -> Tensor {
    precondition(shape[0] == 1 || shape[0] == count, "\(shape[0]) latents for \(count) texts")
    return shape[0] == count ? self : .stack([Tensor](repeating: self[0], count: count))
  }
}
