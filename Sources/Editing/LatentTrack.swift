import Editors
import Tensors

/// How many beginnings of a stem are sampled, and what the one that is kept sounds like most.
///
/// The rest of a stem continues its beginning in the same timbre, so a choice among beginnings costs
/// little of a long song's time.
struct Takes: Sendable {
  let count: Int
  let target: String
}

/// Samples a stem's latents along a song: chunk after chunk, each continuing the one before.
struct LatentTrack {
  /// Latents that a chunk takes over from the one before as known.
  static let carriedLatents = 32

  private let generator: any StemGenerator
  private let text: TextStates
  private let negative: TextStates
  private let settings: SamplingSettings
  private let takes: Takes
  private let seed: UInt64
  private let harmony: SongHarmony?
  private var memory = StemMemory()
  /// Latents of the song before those of `mixture`.
  private var dropped = 0
  /// Latents of mixture and stem from the same place on, `[N][latentSize]`; the stem's are fewer.
  private var mixture: [Float] = []
  private var stem: [Float] = []
  private var chunk: UInt64 = 0

  private var size: Int { generator.latentSize }

  init(
    _ generator: any StemGenerator, text: TextStates, negative: TextStates,
    settings: SamplingSettings, takes: Takes, seed: UInt64, harmony: SongHarmony?
  ) {
    self.harmony = harmony
    self.generator = generator
    self.text = text
    self.negative = negative
    self.settings = settings
    self.takes = takes
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
      dropped += spare / size
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
    let known = stem.count / size - range.lowerBound
    let around = try context(range, known: known)
    let latents = known == 0 ? try likest(around) : try generate(around, take: 0)
    memory = try generator.memory(of: latents, in: around, text: text)
    chunk += 1
    let made = Array(latents.floats.dropFirst(known * size))
    stem += made
    return made
  }

  /// Of several takes of the beginning, the one that sounds most like what was asked for.
  private func likest(_ around: StemChunk) throws -> Tensor {
    var best = try generate(around, take: 0)
    guard takes.count > 1, var likeness = try generator.likeness(of: best, to: takes.target)
    else { return best }
    for take in 1..<takes.count {
      let other = try generate(around, take: take)
      guard let found = try generator.likeness(of: other, to: takes.target), found > likeness
      else { continue }
      (best, likeness) = (other, found)
    }
    return best
  }

  /// What is there of `range`, whose first `known` latents are the stem's last.
  private func context(_ range: Range<Int>, known: Int) throws -> StemChunk {
    let from = range.lowerBound * size
    return StemChunk(
      mixture: try Tensor(
        Array(mixture[from..<range.upperBound * size]), shape: [range.count, size]),
      known: try Tensor(Array(stem[from...]), shape: [known, size]),
      harmony: harmony?.rows(dropped + range.lowerBound..<dropped + range.upperBound),
      memory: memory)
  }

  private func generate(_ around: StemChunk, take: Int) throws -> Tensor {
    var random = Philox(seed: seed, stream: UInt64(take) << 32 | chunk)
    return try generator.generate(
      around, noise: random.normals(around.mixture.shape), text: text, negative: negative,
      settings: settings)
  }
}
