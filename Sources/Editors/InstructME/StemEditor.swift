import Checkpoints
import Diffusion
import Layers
import Tensors

/// Sizes of ``StemEditor``, as `StemEditorConfig` in Models/training/networks.py writes them.
public struct StemEditorConfig: Sendable, Equatable, Decodable {
  public let latent: Int
  public let dim: Int
  public let heads: Int
  public let blocks: Int
  public let textDim: Int
  public let timeFeatures: Int

  private enum CodingKeys: String, CodingKey {
    case latent, dim, heads, blocks
    case textDim = "text_dim"
    case timeFeatures = "time_features"
  }
}

/// Rectified-flow transformer: the velocity of a stem's latents, given the mixture, the part of the
/// stem that is known, and a text. All latents are normalised.
///
/// Source: `StemEditor` in Models/training/networks.py; after InstructME (2308.14360).
public struct StemEditor: Sendable {
  public let config: StemEditorConfig
  private let embed: Linear
  private let time1: Linear, time2: Linear, topic: Linear, modulation: Linear
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let finalTable: Tensor
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: StemEditorConfig) throws {
    self.config = config
    let dim = config.dim
    embed = try Linear(w / "embed", in: 3 * config.latent + 1, out: dim)
    time1 = try Linear(w / "time1", in: config.timeFeatures, out: dim)
    time2 = try Linear(w / "time2", in: dim, out: dim)
    topic = try Linear(w / "topic", in: config.textDim, out: dim)
    modulation = try Linear(w / "modulation", in: dim, out: 9 * dim)
    let rotary = Rotary(size: dim / config.heads)
    blocks = try (0..<config.blocks).map {
      try TransformerBlock(
        w / "blocks" / $0, dim: dim, textDim: config.textDim, heads: config.heads,
        rotary: rotary)
    }
    norm = LayerNorm(dim: dim, epsilon: 1e-6)
    finalTable = try w.tensor("final_table", [2, dim]).asFloat32()
    out = try Linear(w / "out", in: dim, out: config.latent)
  }

  /// What a text contributes to each block, computed once for all steps.
  public struct Prompt: Sendable {
    let keysAndValues: [Tensor]
    let mask: KeyMask
    /// The mean of the text's states `[B, textDim]`.
    let topic: Tensor
  }

  /// - Parameter text: `[B, L, textDim]`
  public func prompt(_ text: Tensor, mask: KeyMask) -> Prompt {
    Prompt(
      keysAndValues: blocks.map { $0.textKeysAndValues(text) }, mask: mask,
      topic: mask.mean(of: text))
  }

  /// The velocity at time t: all latents `[B, N, latent]`, t and the known part's mask `[B, N, 1]`
  /// for each item.
  public func velocity(
    noisy: Tensor, t: [Float], mixture: Tensor, known: Tensor, knownMask: Tensor, prompt: Prompt
  ) -> Tensor {
    let latent = config.latent
    precondition(
      noisy.rank == 3 && noisy.channels == latent && noisy.shape == mixture.shape
        && noisy.shape == known.shape && t.count == noisy.shape[0],
      "latents \(noisy.shape), \(mixture.shape), \(known.shape)")
    var inputs = Tensor(uninitialized: [noisy.shape[0], noisy.shape[1], 3 * latent + 1])
    inputs.setChannels(noisy, at: 0)
    inputs.setChannels(mixture, at: latent)
    inputs.setChannels(known, at: 2 * latent)
    inputs.setChannels(knownMask, at: 3 * latent)
    var x = embed(inputs)
    let features = timestepFeatures(t, size: config.timeFeatures)
    var time = time2(time1(features, activation: .silu))
    topic.add(prompt.topic, to: &time)
    time = time.applying(.silu)
    let shared = modulation(time)
    for (block, text) in zip(blocks, prompt.keysAndValues) {
      block(&x, text: text, mask: prompt.mask, modulation: shared)
    }
    let (shift, scale) = finalModulation(time)
    return out(norm.modulated(x, scale: scale, shift: shift, output: out.inputType))
  }

  private func finalModulation(_ time: Tensor) -> (shift: Tensor, scale: Tensor) {
    let (own, values, dim) = (finalTable.floats, time.floats, config.dim)
    func part(_ index: Int, plus offset: Float) -> Tensor {
      Tensor(vector: values.indices.map { values[$0] + own[index * dim + $0 % dim] + offset })
        .reshaped(time.shape)
    }
    return (part(0, plus: 0), part(1, plus: 1))
  }

  /// Samples the latents of a stem.
  ///
  /// - Parameters:
  ///   - noise: normal deviates `[1, N, latent]`, the only source of chance.
  ///   - mixture: `[1, N, latent]`
  ///   - known: the part of the stem that is given, zeros elsewhere, with its mask `[1, N, 1]`.
  ///   - prompt: of the texts of `guidance.branches`, in their order.
  ///   - onStep: called after each step with the number of steps done; may throw to cancel.
  public func sample(
    noise: Tensor, mixture: Tensor, known: Tensor, knownMask: Tensor, prompt: Prompt,
    steps: Int, guidance: StemGuidance, onStep: (Int) throws -> Void = { _ in }
  ) rethrows -> Tensor {
    let branches = guidance.branches
    func repeated(_ x: Tensor) -> Tensor {
      Tensor.stack([Tensor](repeating: x[0], count: branches.count))
    }
    let (knowns, masks) = (repeated(known), repeated(knownMask))
    let silence = Tensor.zeros(mixture[0].shape)
    let mixtures = Tensor.stack(branches.map { $0.hearsSong ? mixture[0] : silence })
    var done = 0
    return try RectifiedFlow(steps: steps)(from: noise, known: known, knownMask: knownMask) {
      x, t in
      let each = velocity(
        noisy: repeated(x), t: [Float](repeating: t, count: branches.count), mixture: mixtures,
        known: knowns, knownMask: masks, prompt: prompt)
      done += 1
      try onStep(done)
      var sum = each[rows: 0..<1].scaled(by: branches[0].weight)
      for (row, branch) in branches.enumerated().dropFirst() {
        sum.combine(branch.weight, each[rows: row..<row + 1], 1)
      }
      return sum
    }
  }
}

/// Classifier-free guidance by two conditions, the text and the song: the velocity is
/// `v(none) + song (v(song) - v(none)) + text (v(text, song) - v(song))`, where without the text
/// there is the negative one. A weight of 1 leaves that condition as it was learned.
///
/// Source: InstructPix2Pix (2211.09800, equation 3), with the song in the image's place.
public struct StemGuidance: Sendable, Equatable {
  public var text: Float
  public var song: Float

  public init(text: Float, song: Float) { (self.text, self.song) = (text, song) }

  /// One of the velocities that guidance adds up.
  public struct Branch: Sendable {
    /// Whether it has the text that is asked for, or the negative one.
    public let hasText: Bool
    public let hearsSong: Bool
    let weight: Float
  }

  /// Those whose weight is not zero; the one with text and song comes first.
  public var branches: [Branch] {
    [
      Branch(hasText: true, hearsSong: true, weight: text),
      Branch(hasText: false, hearsSong: true, weight: song - text),
      Branch(hasText: false, hearsSong: false, weight: 1 - song),
    ].filter { $0.weight != 0 || $0.hasText }
  }
}
