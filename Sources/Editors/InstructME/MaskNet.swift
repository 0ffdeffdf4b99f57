import Checkpoints
import Layers
import Tensors

/// Sizes and constants of ``MaskNet``, as `MaskNetConfig` in Models/training/networks.py writes them.
public struct MaskNetConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  public let framesPerToken: Int
  public let dim: Int
  public let heads: Int
  public let blocks: Int
  public let textDim: Int
  /// Bands of a patch of the local path, its channels, and its blocks before the transformer (as
  /// many come after it).
  public let patchBands: Int
  public let localDim: Int
  public let localBlocks: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, dim, heads, blocks
    case fftSize = "n_fft"
    case framesPerToken = "frames_per_token"
    case textDim = "text_dim"
    case patchBands = "patch_bands"
    case localDim = "local_dim"
    case localBlocks = "local_blocks"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// Text-conditioned mask network: tells what share of each mel band of the left and the right
/// channel belongs to the stem that a text names, and whether the stem is there.
///
/// A transformer over time sees all bands at once and attends to the text; a local path around it,
/// whose weights are the same at every frequency, feeds it and sharpens what it found.
///
/// Source: `MaskNet` in Models/training/networks.py.
public struct MaskNet: Sendable {
  public let config: MaskNetConfig
  private let localEmbed: Linear
  /// `[patches, localDim]`
  private let localPosition: [Float]
  private let localBefore: [ConvNeXtBlock2d]
  private let embed: Linear
  private let gather: Linear
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let out: Linear
  private let scatter: Linear
  private let localAfter: [ConvNeXtBlock2d]
  private let localNorm: LayerNorm
  private let localOut: Linear
  private let presence: Linear

  private var patches: Int { config.bands / config.patchBands }
  /// Time-frequency cells of a patch.
  private var cells: Int { config.patchBands * config.framesPerToken }

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: MaskNetConfig) throws {
    self.config = config
    let width = config.bands * config.framesPerToken
    let (dim, local) = (config.dim, config.localDim)
    let patches = config.bands / config.patchBands
    let cells = config.patchBands * config.framesPerToken
    func localBlocks(_ name: String) throws -> [ConvNeXtBlock2d] {
      try (0..<config.localBlocks).map {
        try ConvNeXtBlock2d(w / name / $0, dim: local, hidden: 3 * local, kernel: (7, 5))
      }
    }
    localEmbed = try Linear(w / "local_embed", in: 3 * cells, out: local)
    localPosition = try w.tensor("local_position", [patches, local]).asFloat32().floats
    localBefore = try localBlocks("local_before")
    embed = try Linear(w / "embed", in: 3 * width, out: dim)
    gather = try Linear(w / "gather", in: patches * local, out: dim)
    let rotary = Rotary(size: dim / config.heads)
    blocks = try (0..<config.blocks).map {
      try TransformerBlock(
        w / "blocks" / $0, dim: dim, textDim: config.textDim, heads: config.heads,
        modulated: false, rotary: rotary)
    }
    norm = try LayerNorm(w / "norm", dim: dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: dim, out: 2 * width)
    scatter = try Linear(w / "scatter", in: dim, out: patches * local)
    localAfter = try localBlocks("local_after")
    localNorm = try LayerNorm(w / "local_norm", dim: local, epsilon: 1e-6)
    localOut = try Linear(w / "local_out", in: local, out: 2 * cells)
    presence = try Linear(w / "presence", in: dim, out: 1)
  }

  /// Logits of mask and presence.
  ///
  /// - Parameters:
  ///   - features: `StereoFeatures` of the mixture `[B, T, bands, 3]`, T a multiple of
  ///     `framesPerToken`.
  ///   - text: `[B, L, textDim]`
  /// - Returns: mask `[B, T, bands, 2]` of left and right, presence `[B]`
  public func callAsFunction(
    _ features: Tensor, text: Tensor, textMask: KeyMask
  ) -> (mask: Tensor, presence: [Float]) {
    precondition(
      features.rank == 4 && features.channels == 3 && features.shape[2] == config.bands
        && features.shape[1] % config.framesPerToken == 0,
      "features \(features.shape) for \(config.bands) bands, \(config.framesPerToken) frames a token"
    )
    let (items, tokens) = (features.shape[0], features.shape[1] / config.framesPerToken)
    let wide = [items, tokens, patches * config.localDim]
    let patched = normalised(features).patched(
      frames: config.framesPerToken, bands: config.patchBands)
    var local = placed(localEmbed(patched))
    for block in localBefore { block(&local) }
    var x = embed(patched.reshaped([items, tokens, patches * cells * 3]))
    gather.add(local.reshaped(wide), to: &x)
    for block in blocks { block(&x, text: block.textKeysAndValues(text), mask: textMask) }
    x = norm(x)
    var found = local.reshaped(wide)
    scatter.add(x, to: &found)
    local = found.reshaped(local.shape)
    for block in localAfter { block(&local) }
    var logits = out(x).reshaped([items, tokens, patches, 2 * cells])
    localOut.add(localNorm(local), to: &logits)
    return (
      logits.unpatched(frames: config.framesPerToken, bands: config.patchBands),
      presence(x.meanOverTime()).floats
    )
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

  /// Adds each patch's place in frequency to `[B, N, patches, localDim]`.
  private func placed(_ x: Tensor) -> Tensor {
    var out = x
    out.withUnsafeMutableFloats { values in
      localPosition.withUnsafeBufferPointer { position in
        for start in stride(from: 0, to: values.count, by: position.count) {
          for i in 0..<position.count { values[start + i] += position[i] }
        }
      }
    }
    return out
  }
}

extension Tensor {
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
