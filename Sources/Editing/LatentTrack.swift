import Editors
import Tensors

/// Samples a stem's latents along a song: chunk after chunk, each continuing the one before.
struct LatentTrack {
  /// Latents that a chunk takes over from the one before as known.
  static let carriedLatents = 32

  private let generator: any StemGenerator
  private let text: TextStates
  private let negative: TextStates
  private let settings: SamplingSettings
  private let seed: UInt64
  /// Latents of mixture and stem from the same place on, `[N][latentSize]`; the stem's are fewer.
  private var mixture: [Float] = []
  private var stem: [Float] = []
  private var chunk: UInt64 = 0

  private var size: Int { generator.latentSize }

  init(
    _ generator: any StemGenerator, text: TextStates, negative: TextStates,
    settings: SamplingSettings, seed: UInt64
  ) {
    self.generator = generator
    self.text = text
    self.negative = negative
    self.settings = settings
    self.seed = seed
  }

  /// Takes latents of the mixture and gives those of the stem that are ready.
  mutating func push(_ latents: [Float]) throws -> [Float] {
    mixture += latents
    var made: [Float] = []
    // One latent more tells whether a chunk is the last.
    while mixture.count / size > nextStart + generator.chunkLatents {
      made += try sample(nextStart..<nextStart + generator.chunkLatents)
      let spare = max(0, stem.count / size - generator.chunkLatents) * size
      mixture.removeFirst(spare)
      stem.removeFirst(spare)
    }
    return made
  }

  /// Ends the mixture and gives the rest of the stem. The last chunk reaches further back, so that
  /// it sees as much as the others.
  mutating func finish() throws -> [Float] {
    let total = mixture.count / size
    guard mixture.count > stem.count else { return [] }
    return try sample(max(0, min(nextStart, total - generator.chunkLatents))..<total)
  }

  /// Where the next chunk begins when it is not the last.
  private var nextStart: Int { max(0, stem.count / size - Self.carriedLatents) }

  /// Samples the latents of `range` that are not there yet.
  private mutating func sample(_ range: Range<Int>) throws -> [Float] {
    var random = Philox(seed: seed, stream: chunk)
    chunk += 1
    let known = stem.count / size - range.lowerBound
    let from = range.lowerBound * size
    let latents = try generator.generate(
      mixture: try Tensor(
        Array(mixture[from..<range.upperBound * size]), shape: [range.count, size]),
      known: try Tensor(Array(stem[from...]), shape: [known, size]),
      noise: random.normals([range.count, size]), text: text, negative: negative,
      settings: settings)
    let made = Array(latents.floats.dropFirst(known * size))
    stem += made
    return made
  }
}
