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
  /// Features of chords and beats; 0 for an editor that does not hear them.
  public let harmony: Int
  /// Latents that are remembered as one; 0 for an editor without memory.
  public let summary: Int

  private enum CodingKeys: String, CodingKey {
    case latent, dim, heads, blocks, harmony, summary
    case textDim = "text_dim"
    case timeFeatures = "time_features"
  }
}

/// Rectified-flow transformer: the velocity of a stem's latents, given the mixture, the part of the
/// stem that is known, and a text. All latents are normalised.
///
/// An editor with `harmony` also takes the mixture at two coarser scales and the song's chords and beats;
/// one with `summary` is a dual-path chunk transformer, whose every second block attends to earlier
/// chunks.
///
/// Source: `StemEditor` in Models/training/networks.py; after InstructME (2308.14360).
public struct StemEditor: Sendable {
  public let config: StemEditorConfig
  private let embed: Linear
  /// Of scales and harmony.
  private let song: Linear?
  private let time1: Linear, time2: Linear, topic: Linear, modulation: Linear
  private let blocks: [TransformerBlock]
  private let paths: [MemoryAttention]
  private let norm: LayerNorm
  private let finalTable: Tensor
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: StemEditorConfig) throws {
    self.config = config
    let dim = config.dim
    embed = try Linear(w / "embed", in: 3 * config.latent + 1, out: dim)
    song =
      config.harmony == 0
      ? nil
      : try Linear(
        w / "song", in: Self.scales.count * config.latent + config.harmony, out: dim)
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
    paths = try (0..<(config.summary == 0 ? 0 : config.blocks / 2)).map {
      try MemoryAttention(w / "memory" / $0, dim: dim, heads: config.heads)
    }
    norm = LayerNorm(dim: dim, epsilon: 1e-6)
    finalTable = try w.tensor("final_table", [2, dim]).asFloat32()
    out = try Linear(w / "out", in: dim, out: config.latent)
  }

  /// Latents that become one at the coarser scales of the mixture.
  private static let scales = [4, 16]

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

  /// What a song gives to the editor, for each item.
  public struct Heard: Sendable {
    /// `[B, N, latent]`
    public var mixture: Tensor
    /// Probabilities of chords and beats `[B, N, harmony]`; nil for an editor that does not take them.
    public var harmony: Tensor?

    public init(mixture: Tensor, harmony: Tensor? = nil) {
      (self.mixture, self.harmony) = (mixture, harmony)
    }
  }

  /// What is remembered, as the blocks use it.
  struct Recollection {
    /// Of each path `[B, M, 2 C]`.
    let keysAndValues: [Tensor]
    /// `[B, C]`: ones for the items that remember.
    let gate: Tensor
  }

  /// - Parameter remembers: for each item, whether it does.
  func recollection(_ memory: StemMemory, remembers: [Bool]) -> Recollection? {
    guard !memory.isEmpty, remembers.contains(true) else { return nil }
    let gate = remembers.flatMap { [Float](repeating: $0 ? 1 : 0, count: config.dim) }
    return Recollection(
      keysAndValues: zip(paths, memory.paths).map { path, summaries in
        let own = path.keysAndValues(summaries.reshaped([1] + summaries.shape))[0]
        return Tensor.stack([Tensor](repeating: own, count: remembers.count))
      },
      gate: Tensor(vector: gate).reshaped([remembers.count, config.dim]))
  }

  /// The velocity at time t: all latents `[B, N, latent]`, t and the known part's mask `[B, N, 1]`
  /// for each item.
  public func velocity(
    noisy: Tensor, t: [Float], heard: Heard, known: Tensor, knownMask: Tensor, prompt: Prompt,
    memory: StemMemory = StemMemory()
  ) -> Tensor {
    velocity(
      noisy: noisy, t: t, mixture: heard.mixture, songInputs(heard), known: known,
      knownMask: knownMask, prompt: prompt,
      recollection(memory, remembers: [Bool](repeating: true, count: t.count)))
  }

  /// - Parameters:
  ///   - songInputs: what ``songInputs(_:)`` made.
  ///   - summarise: is given what stands before each path, `[B, N, C]`.
  private func velocity(
    noisy: Tensor, t: [Float], mixture: Tensor, _ songInputs: Tensor?, known: Tensor,
    knownMask: Tensor, prompt: Prompt, _ recollection: Recollection?,
    summarise: (Tensor) -> Void = { _ in }
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
    if let song, let songInputs { song.add(songInputs, to: &x) }
    let features = timestepFeatures(t, size: config.timeFeatures)
    var time = time2(time1(features, activation: .silu))
    topic.add(prompt.topic, to: &time)
    time = time.applying(.silu)
    let shared = modulation(time)
    for (index, (block, text)) in zip(blocks, prompt.keysAndValues).enumerated() {
      if !paths.isEmpty, index % 2 == 1 {
        summarise(x)
        if let recollection {
          paths[index / 2](
            &x, memory: recollection.keysAndValues[index / 2], gate: recollection.gate)
        }
      }
      block(&x, text: text, mask: prompt.mask, modulation: shared)
    }
    let (shift, scale) = finalModulation(time)
    return out(norm.modulated(x, scale: scale, shift: shift, output: out.inputType))
  }

  /// The mixture at its coarser scales, and the harmony: `[B, N, scales * latent + harmony]`.
  private func songInputs(_ heard: Heard) -> Tensor? {
    guard song != nil else { return nil }
    guard let harmony = heard.harmony else { preconditionFailure("an editor without its harmony") }
    let (latent, mixture) = (config.latent, heard.mixture)
    precondition(harmony.shape == [mixture.shape[0], mixture.shape[1], config.harmony])
    var inputs = Tensor(
      uninitialized: [
        mixture.shape[0], mixture.shape[1], Self.scales.count * latent + config.harmony,
      ])
    for (index, size) in Self.scales.enumerated() {
      inputs.setChannels(mixture.coarse(size), at: index * latent)
    }
    inputs.setChannels(harmony, at: Self.scales.count * latent)
    return inputs
  }

  /// What the editor remembers of a chunk of a finished stem, beside what it did before.
  ///
  /// - Parameters:
  ///   - stem: `[1, N, latent]`
  ///   - prompt: of the text alone.
  public func remembering(
    _ stem: Tensor, heard: Heard, prompt: Prompt, after memory: StemMemory
  ) -> StemMemory {
    guard !paths.isEmpty, stem.shape[1] >= config.summary else { return memory }
    var summaries: [Tensor] = []
    let count = stem.shape[1] / config.summary
    _ = velocity(
      noisy: stem, t: [1], mixture: heard.mixture, songInputs(heard), known: stem,
      knownMask: Tensor(repeating: 1, shape: [1, stem.shape[1], 1]), prompt: prompt, nil,
      summarise: { summaries.append($0[0].means(of: config.summary)[rows: 0..<count]) })
    return memory.adding(summaries)
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
  ///   - heard: of the song, for one item.
  ///   - known: the part of the stem that is given, zeros elsewhere, with its mask `[1, N, 1]`.
  ///   - prompt: of the texts of `guidance.branches`, in their order.
  ///   - memory: of earlier chunks, for the branches that hear the song.
  ///   - onStep: called after each step with the number of steps done; may throw to cancel.
  public func sample(
    noise: Tensor, heard: Heard, known: Tensor, knownMask: Tensor, prompt: Prompt,
    memory: StemMemory = StemMemory(), steps: Int, guidance: StemGuidance,
    onStep: (Int) throws -> Void = { _ in }
  ) rethrows -> Tensor {
    let branches = guidance.branches
    func repeated(_ x: Tensor) -> Tensor {
      Tensor.stack([Tensor](repeating: x[0], count: branches.count))
    }
    let (knowns, masks) = (repeated(known), repeated(knownMask))
    func ofSong(_ x: Tensor) -> Tensor {
      let silence = Tensor.zeros(x[0].shape)
      return Tensor.stack(branches.map { $0.hearsSong ? x[0] : silence })
    }
    let mixtures = ofSong(heard.mixture)
    let song = songInputs(Heard(mixture: mixtures, harmony: heard.harmony.map(ofSong)))
    let recollection = recollection(memory, remembers: branches.map(\.hearsSong))
    var done = 0
    return try RectifiedFlow(steps: steps)(from: noise, known: known, knownMask: knownMask) {
      x, t in
      let each = velocity(
        noisy: repeated(x), t: [Float](repeating: t, count: branches.count), mixture: mixtures,
        song, known: knowns, knownMask: masks, prompt: prompt, recollection)
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

extension Tensor {
  /// The mean of each `size` rows, the last ones' of fewer: `[N, C] -> [ceil(N / size), C]`.
  fileprivate func means(of size: Int) -> Tensor {
    let (values, length, width) = (floats, rows, channels)
    let count = (length + size - 1) / size
    var out = [Float](repeating: 0, count: count * width)
    for row in 0..<length {
      let share = 1 / Float(min(size, length - row / size * size))
      for c in 0..<width { out[row / size * width + c] += share * values[row * width + c] }
    }
    return Tensor(vector: out).reshaped([count, width])
  }

  /// Means in the place of the rows that they are of: `[B, N, C] -> [B, N, C]`.
  fileprivate func coarse(_ size: Int) -> Tensor {
    Tensor.stack(
      (0..<shape[0]).map { item in
        let means = self[item].means(of: size)
        return Tensor(vector: (0..<shape[1]).flatMap { means[$0 / size].floats })
          .reshaped([shape[1], channels])
      })
  }
}
