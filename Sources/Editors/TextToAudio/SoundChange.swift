import Diffusion
import Tensors

/// How a text-to-audio model changes a sound that is there.
public enum ChangeMethod: String, Sendable, Codable, CaseIterable {
  /// By an instruction, of which the model was trained to hear the sound (AUDIT).
  case instruct
  /// What lies outside of a stretch is known and laid into each step (2201.09865, algorithm 1, without
  /// its repeats).
  case inpaint
  /// Noise is added to the sound, and taken away as the text says (SDEdit, 2108.01073).
  case sdedit
  /// The noise that DDIM makes the sound of is found and denoised as the text says.
  case inversion
  /// The noises that ancestral sampling makes the very sound of are found and kept (ZETA, 2402.10009;
  /// edit-friendly DDPM inversion, 2304.06140).
  case zeta
  /// What differs between two texts is changed, by attention that is borrowed word by word
  /// (prompt-to-prompt, 2208.01626).
  case words
}

/// What shall become of a sound.
public struct SoundChange: Sendable {
  public var method: ChangeMethod
  /// What is to be heard, or the instruction.
  public var text: String
  /// What the sound is now, for both inversions; empty asks the model without a text.
  public var source = ""
  /// What guidance leads away from.
  public var negative = ""
  /// Share of the steps that are done, above 0 up to 1: the less, the more of the sound stays.
  public var strength = 1.0
  public var settings: SamplingSettings
  /// Guidance towards ``source`` while the sound is inverted.
  public var sourceGuidance: Float = 1
  /// Words of the text and the factors of what attends to them, for ``ChangeMethod/words``.
  public var emphasis: [(word: String, factor: Float)] = []
  /// Latent times that are made anew, for ``ChangeMethod/inpaint``.
  public var open: Range<Int>?

  public init(method: ChangeMethod, text: String, settings: SamplingSettings) {
    (self.method, self.text, self.settings) = (method, text, settings)
  }
}

extension TextToAudioModel {
  /// Changes the latents `[1, T, W, C]` of a sound.
  ///
  /// - Parameters:
  ///   - noise: standard normal deviates of the latents' shape, new ones at each call.
  ///   - random: the noise of a stochastic scheduler.
  ///   - onStep: called with the steps that are done and all of them; may throw to cancel.
  /// - Throws: `SchedulerError`, and what the tokenizer or the encoder finds wrong with a text.
  public func changed(
    _ latents: Tensor, by change: SoundChange, noise: () -> Tensor, random: inout Philox,
    onStep: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    let settings = change.settings
    var condition = try condition(
      change.text, negative: settings.guidance > 1 ? change.negative : nil)
    switch change.method {
    case .instruct:
      condition.source = latents
      return try sample(
        from: noise(), condition, settings: settings, random: &random, onStep: onStep)
    case .sdedit, .inpaint:
      return try resampled(
        latents, condition, change, noise: noise(), random: &random, onStep: onStep)
    case .words: return try rewritten(latents, condition, change, onStep: onStep)
    case .inversion: return try inverted(latents, condition, change, onStep: onStep)
    case .zeta: return try withFoundNoise(latents, condition, change, noise: noise, onStep: onStep)
    }
  }

  /// The first of `count` steps that are done: all but a share of them (diffusers' image-to-image
  /// pipelines round the same way).
  func firstStep(_ strength: Double, of count: Int) -> Int {
    count - max(1, min(count, Int(Double(count) * strength)))
  }

  private func resampled(
    _ latents: Tensor, _ condition: TextCondition, _ change: SoundChange, noise: Tensor,
    random: inout Philox, onStep: (Int, Int) throws -> Void
  ) throws -> Tensor {
    var scheduler = try schedule.scheduler(steps: change.settings.steps)
    let count = scheduler.times.count
    let first = firstStep(change.strength, of: count)
    let known = change.open.map { knownRows(of: latents, outside: $0) }
    var x = scheduler.noised(latents, with: noise, at: first)
    for index in first..<count {
      try onStep(index - first, count - first)
      if let known {
        x.replaceRows(by: scheduler.noised(latents, with: noise, at: index), where: known)
      }
      let output = try guidedNoise(
        scheduler.input(x, at: index), at: scheduler.times[index], condition,
        guidance: change.settings.guidance)
      x = scheduler.step(x, output, at: index) { random.normals(x.shape) }
    }
    if let known { x.replaceRows(by: latents, where: known) }
    try onStep(count - first, count - first)
    return x
  }

  /// 1 on rows of latents that are kept, `[1, T, W, 1]`.
  private func knownRows(of latents: Tensor, outside open: Range<Int>) -> Tensor {
    let (times, width) = (latents.shape[1], latents.shape[2])
    let rows = (0..<times * width).map { open.contains($0 / width) ? Float(0) : 1 }
    return Tensor(vector: rows).reshaped([1, times, width, 1])
  }

  private func inverted(
    _ latents: Tensor, _ condition: TextCondition, _ change: SoundChange,
    onStep: (Int, Int) throws -> Void
  ) throws -> Tensor {
    var ddim = try schedule.ddim(steps: change.settings.steps)
    let count = ddim.times.count
    let first = firstStep(change.strength, of: count)
    var x = try noisePath(of: latents, by: ddim, from: first, change, onStep: onStep)[0]
    for index in first..<count {
      try onStep(count + index - 2 * first, 2 * (count - first))
      let output = try guidedNoise(
        x, at: ddim.times[index], condition, guidance: change.settings.guidance)
      x = ddim.step(x, output, at: index) { .zeros(x.shape) }
    }
    try onStep(count - first, count - first)
    return x
  }

  /// The latents that DDIM would make the sound of, before each step from `first` on and after the last.
  func noisePath(
    of latents: Tensor, by ddim: DDIM, from first: Int, _ change: SoundChange,
    onStep: (Int, Int) throws -> Void
  ) throws -> [Tensor] {
    let source = try sourceCondition(change)
    let count = ddim.times.count
    var path = [latents]
    for index in (first..<count).reversed() {
      try onStep(count - 1 - index, 2 * (count - first))
      let output = try guidedNoise(
        path[0], at: ddim.times[index], source, guidance: change.sourceGuidance)
      path.insert(ddim.inverted(path[0], output, at: index), at: 0)
    }
    return path
  }

  /// The noises are taken where independently noised copies of the sound and the model's steps
  /// between them differ (2304.06140, equations 5 and 6), down to the last step, so that the same
  /// text and guidance give the sound back.
  private func withFoundNoise(
    _ latents: Tensor, _ condition: TextCondition, _ change: SoundChange, noise: () -> Tensor,
    onStep: (Int, Int) throws -> Void
  ) throws -> Tensor {
    var ddim = try schedule.ddim(steps: change.settings.steps)
    ddim.eta = 1
    let count = ddim.times.count
    let first = firstStep(change.strength, of: count)
    let source = try sourceCondition(change)
    var now = ddim.noised(latents, with: noise(), at: first)
    var x = now
    for index in first..<count {
      try onStep(index - first, count - first)
      let next =
        index + 1 < count ? ddim.noised(latents, with: noise(), at: index + 1) : latents
      let mean = ddim.step(
        now,
        try guidedNoise(now, at: ddim.times[index], source, guidance: change.sourceGuidance),
        at: index
      ) { .zeros(now.shape) }
      let deviation = Float(ddim.deviation(at: index))
      var found = next
      found.combine(-1, mean, 1)
      found = found.scaled(by: deviation > 0 ? 1 / deviation : 0)
      let output = try guidedNoise(
        x, at: ddim.times[index], condition, guidance: change.settings.guidance)
      x = ddim.step(x, output, at: index) { found }
      now = next
    }
    try onStep(count - first, count - first)
    return x
  }

  private func sourceCondition(_ change: SoundChange) throws -> TextCondition {
    try condition(change.source, negative: change.sourceGuidance > 1 ? "" : nil)
  }
}
