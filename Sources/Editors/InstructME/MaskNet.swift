import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``MaskNet``, as `MaskNetConfig` in Models/training/music/masknet.py writes
/// them.
public struct MaskNetConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  public let framesPerToken: Int
  /// Bands of a patch of the grid.
  public let patchBands: Int
  public let dim: Int
  public let heads: Int
  /// Transformer blocks for the mixture, half of them before the grid's middle blocks.
  public let blocks: Int
  public let gridDim: Int
  /// Units of the MLP of the grid's blocks.
  public let gridHidden: Int
  /// Blocks of the grid before the transformer, in its middle, and for each stem.
  public let gridBlocks: Int
  /// Transformer blocks for each stem.
  public let stemBlocks: Int
  public let textDim: Int
  public let topicDim: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, dim, heads, blocks
    case fftSize = "n_fft"
    case framesPerToken = "frames_per_token"
    case patchBands = "patch_bands"
    case gridDim = "grid_dim"
    case gridHidden = "grid_hidden"
    case gridBlocks = "grid_blocks"
    case stemBlocks = "stem_blocks"
    case textDim = "text_dim"
    case topicDim = "topic_dim"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Text-conditioned mask network: hears a mixture once, then tells for each stem that is asked for
/// what share of each mel band of the left and the right channel belongs to it, and whether it is
/// there.
///
/// Two paths that exchange what they found: a transformer over time, whose tokens are all bands of
/// two frames, and a grid of patches, whose weights are the same at every frequency. Both are deep
/// for the mixture and shallow for a stem; the text's mean state is the topic that leads the latter.
///
/// Source: `MaskNet` in Models/training/music/masknet.py.
public struct MaskNet: Sendable {
  public let config: MaskNetConfig
  private let gridEmbed: Linear
  /// `[patches, gridDim]`
  private let gridPosition: [Float]
  private let gridFirst: [GridBlock], gridMiddle: [GridBlock], gridLast: [GridBlock]
  private let embed: Linear
  private let gather: Linear
  private let blocks: [TimeBlock], stemBlocks: [TimeBlock]
  private let middleNorm: LayerNorm
  private let middleScatter: Linear, middleGather: Linear
  private let topicNorm: LayerNorm
  private let topic: Linear
  private let norm: LayerNorm
  private let out: Linear
  private let scatter: Linear
  private let gridNorm: LayerNorm
  private let gridOut: Linear
  private let presence: Linear

  private var patches: Int { config.bands / config.patchBands }
  /// Time-frequency cells of a patch.
  private var cells: Int { config.patchBands * config.framesPerToken }

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: MaskNetConfig) throws {
    self.config = config
    let (dim, gridDim) = (config.dim, config.gridDim)
    let patches = config.bands / config.patchBands
    let cells = config.patchBands * config.framesPerToken
    let rotary = Rotary(size: dim / config.heads)
    func gridBlocks(_ name: String, topicDim: Int = 0) throws -> [GridBlock] {
      try (0..<config.gridBlocks).map {
        try GridBlock(
          w / name / $0, dim: gridDim, hidden: config.gridHidden, topicDim: topicDim)
      }
    }
    func timeBlocks(_ name: String, _ count: Int, topicDim: Int = 0) throws -> [TimeBlock] {
      try (0..<count).map {
        try TimeBlock(
          w / name / $0, dim: dim, heads: config.heads, topicDim: topicDim, rotary: rotary)
      }
    }
    func norm(_ name: String, _ dim: Int) throws -> LayerNorm {
      try LayerNorm(w / name, dim: dim, epsilon: 1e-6)
    }
    gridEmbed = try Linear(w / "grid_embed", in: 3 * cells, out: gridDim)
    gridPosition = try w.tensor("grid_position", [patches, gridDim]).asFloat32().floats
    gridFirst = try gridBlocks("grid_first")
    embed = try Linear(w / "embed", in: 3 * cells * patches, out: dim)
    gather = try Linear(w / "gather", in: patches * gridDim, out: dim)
    blocks = try timeBlocks("blocks", config.blocks)
    middleNorm = try norm("middle_norm", dim)
    middleScatter = try Linear(w / "middle_scatter", in: dim, out: patches * gridDim)
    gridMiddle = try gridBlocks("grid_middle")
    middleGather = try Linear(w / "middle_gather", in: patches * gridDim, out: dim)
    topicNorm = try norm("topic_norm", config.textDim)
    topic = try Linear(w / "topic", in: config.textDim, out: config.topicDim)
    stemBlocks = try timeBlocks("stem_blocks", config.stemBlocks, topicDim: config.topicDim)
    self.norm = try norm("norm", dim)
    out = try Linear(w / "out", in: dim, out: 2 * cells * patches)
    scatter = try Linear(w / "scatter", in: dim, out: patches * gridDim)
    gridLast = try gridBlocks("grid_last", topicDim: config.topicDim)
    gridNorm = try norm("grid_norm", gridDim)
    gridOut = try Linear(w / "grid_out", in: gridDim, out: 2 * cells)
    presence = try Linear(w / "presence", in: dim, out: 1)
  }

  /// What the network found in mixtures, whatever is asked for.
  public struct Heard: Sendable {
    /// `[B, N, dim]`
    fileprivate let tokens: Tensor
    /// `[B, N, patches, gridDim]`
    fileprivate let grid: Tensor
  }

  /// Stems that are asked for, one of each mixture, or all of the only one.
  public struct Question: Sendable {
    /// Logits of whether each stem is there.
    public let presence: [Float]
    /// `[Q, N, dim]`
    fileprivate let tokens: Tensor
    /// `[Q, topicDim]`
    fileprivate let topic: Tensor

    /// Some of the stems.
    public subscript(items: [Int]) -> Question {
      Question(
        presence: items.map { presence[$0] }, tokens: Tensor.stack(items.map { tokens[$0] }),
        topic: Tensor.stack(items.map { topic[$0] }))
    }
  }

  /// - Parameter features: `StereoFeatures` of mixtures `[B, T, bands, 3]`, T a multiple of
  ///   `framesPerToken`.
  public func hear(_ features: Tensor) -> Heard {
    precondition(
      features.rank == 4 && features.channels == 3 && features.shape[2] == config.bands
        && features.shape[1] % config.framesPerToken == 0,
      "features \(features.shape) for \(config.bands) bands, \(config.framesPerToken) frames a token"
    )
    let (items, count) = (features.shape[0], features.shape[1] / config.framesPerToken)
    let patched = normalised(features).patched(
      frames: config.framesPerToken, bands: config.patchBands)
    var grid = placed(gridEmbed(patched))
    for block in gridFirst { block(&grid) }
    var tokens = embed(patched.reshaped([items, count, patches * cells * 3]))
    gather.add(wide(grid), to: &tokens)
    let half = blocks.count / 2
    for block in blocks[..<half] { block(&tokens) }
    add(middleScatter, middleNorm(tokens, output: middleScatter.inputType), to: &grid)
    for block in gridMiddle { block(&grid) }
    middleGather.add(wide(grid), to: &tokens)
    for block in blocks[half...] { block(&tokens) }
    return Heard(tokens: tokens, grid: grid)
  }

  /// Asks for the stems that texts name; whether they are there is known after a small part of the
  /// way to their masks.
  ///
  /// - Parameter text: `[Q, L, textDim]`
  public func ask(_ heard: Heard, text: Tensor, textMask: KeyMask) -> Question {
    precondition(text.rank == 3, "text \(text.shape)")
    let topic = self.topic(topicNorm(textMask.mean(of: text)), activation: .silu)
    var tokens = heard.tokens.repeated(text.shape[0])
    for block in stemBlocks { block(&tokens, topic: topic) }
    tokens = norm(tokens)
    return Question(
      presence: presence(tokens.meanOverTime()).floats, tokens: tokens, topic: topic)
  }

  /// Logits of the masks, of left and right: `[Q, T, bands, 2]`.
  public func masks(_ heard: Heard, _ question: Question) -> Tensor {
    let (tokens, topic) = (question.tokens, question.topic)
    let items = tokens.shape[0]
    var grid = heard.grid.repeated(items)
    add(scatter, tokens, to: &grid)
    for block in gridLast { block(&grid, topic: topic) }
    var logits = out(tokens).reshaped([items, tokens.shape[1], patches, 2 * cells])
    gridOut.add(gridNorm(grid, output: gridOut.inputType), to: &logits)
    return logits.unpatched(frames: config.framesPerToken, bands: config.patchBands)
  }

  /// `[B, N, P, G] -> [B, N, P * G]`
  private func wide(_ grid: Tensor) -> Tensor {
    grid.reshaped([grid.shape[0], grid.shape[1], patches * config.gridDim])
  }

  /// Adds what tokens have for the grid.
  private func add(_ scatter: Linear, _ tokens: Tensor, to grid: inout Tensor) {
    let shape = grid.shape
    var sum = wide(grid)
    grid = Tensor(uninitialized: [0])  // so that the sum is not copied
    scatter.add(tokens, to: &sum)
    grid = sum.reshaped(shape)
  }

  /// Brings the levels to the scale that the network was trained with.
  private func normalised(_ features: Tensor) -> Tensor {
    var out = features.asFloat32()
    out.withUnsafeMutableFloats { values in
      for i in stride(from: 0, to: values.count, by: 3) {
        values[i] = (values[i] - config.melMean) / config.melStd
      }
    }
    return out
  }

  /// Adds each patch's place in frequency to `[B, N, patches, gridDim]`.
  private func placed(_ x: Tensor) -> Tensor {
    var out = x
    out.withUnsafeMutableFloats { values in
      gridPosition.withUnsafeBufferPointer { position in
        for start in stride(from: 0, to: values.count, by: position.count) {
          for i in 0..<position.count { values[start + i] += position[i] }
        }
      }
    }
    return out
  }
}

extension Tensor {
  /// As many items: these, or copies of the only one.
  fileprivate func repeated(_ count: Int) -> Tensor {
    if shape[0] == count { return self }
    precondition(shape[0] == 1, "\(shape[0]) mixtures for \(count) questions")
    return Tensor.stack([Tensor](repeating: self[0], count: count))
  }

  /// `[B, T, F, C] -> [B, T / frames, F / bands, frames * bands * C]`
  fileprivate func patched(frames: Int, bands: Int) -> Tensor {
    let (items, tokens, patches) = (shape[0], shape[1] / frames, shape[2] / bands)
    return reordered(frames, patches, run: bands * channels)
      .reshaped([items, tokens, patches, frames * bands * channels])
  }

  /// The way back: `[B, N, P, frames * bands * 2] -> [B, N * frames, P * bands, 2]`.
  fileprivate func unpatched(frames: Int, bands: Int) -> Tensor {
    let (items, tokens, patches) = (shape[0], shape[1], shape[2])
    return reordered(patches, frames, run: channels / frames)
      .reshaped([items, tokens * frames, patches * bands, channels / (frames * bands)])
  }

  /// The elements as `[…, first, second, run]` in the order `[…, second, first, run]`.
  private func reordered(_ first: Int, _ second: Int, run: Int) -> Tensor {
    var out = Tensor(uninitialized: shape)
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        var target = to.baseAddress!
        for start in stride(from: 0, to: from.count, by: first * second * run) {
          for j in 0..<second {
            for i in 0..<first {
              target.update(from: from.baseAddress! + start + (i * second + j) * run, count: run)
              target += run
            }
          }
        }
      }
    }
    return out
  }

  /// `[B, T, C] -> [B, C]`
  fileprivate func meanOverTime() -> Tensor {
    let (items, length, channels) = (shape[0], shape[1], channels)
    var out = Tensor.zeros([items, channels])
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        for item in 0..<items {
          for t in 0..<length {
            let row = (item * length + t) * channels
            for c in 0..<channels { to[item * channels + c] += from[row + c] }
          }
        }
      }
    }
    return out.scaled(by: 1 / Float(length))
  }
}
