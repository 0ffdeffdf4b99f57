import Signal
import Tensors

/// How a stem is sampled.
public struct SamplingSettings: Sendable, Equatable {
  /// Steps of the solver: more are slower and finer.
  public var steps: Int
  /// Weight of the text against the unconditioned or negative direction; 1 leaves it alone.
  public var guidance: Float

  public init(steps: Int, guidance: Float) {
    self.steps = steps
    self.guidance = guidance
  }
}

/// A stretch of a song for which a stem is made.
public struct StemChunk: Sendable {
  /// Latents of the mixture `[N, latentSize]`.
  public var mixture: Tensor
  /// The stem's first latents, which are kept: `[K, latentSize]`, K in 0..<N.
  public var known: Tensor
  /// Probabilities of chords and beats `[N, harmonySize]`; nil for a generator that hears none.
  public var harmony: Tensor?
  /// Of the stem's earlier chunks.
  public var memory: StemMemory

  public init(
    mixture: Tensor, known: Tensor, harmony: Tensor? = nil, memory: StemMemory = StemMemory()
  ) {
    (self.mixture, self.known, self.harmony, self.memory) = (mixture, known, harmony, memory)
  }
}

/// Makes the stem that a text asks for, given the mixture, in latents of a mel autoencoder.
///
/// All latents are `[N, latentSize]`, one for each `framesPerLatent` mel frames.
public protocol StemGenerator: Sendable {
  /// What it listens to and speaks in.
  var mel: MelLayout { get }
  var framesPerLatent: Int { get }
  var latentSize: Int { get }
  /// Latents that `encode` and `decode` look at on either side of one.
  var contextLatents: Int { get }
  /// Latents that are sampled at once.
  var chunkLatents: Int { get }
  /// What the package recommends.
  var defaults: SamplingSettings { get }
  /// Beginnings that the package recommends to sample, of which the likest is kept.
  var defaultTakes: Int { get }

  /// Log-mel `[N * framesPerLatent, bands]` -> latents.
  func encode(_ mel: Tensor) throws -> Tensor

  /// Words for what a stem shall be like, such as "fast", in the order of its texts.
  var attributes: [String] { get }
  /// What tells the song's chords and beats; nil for a generator that hears none.
  var harmonyHead: HarmonyHead? { get }

  /// Samples the latents of a stem.
  /// - Parameters:
  ///   - chunk: of up to `chunkLatents`.
  ///   - noise: normal deviates `[N, latentSize]`, the only source of chance.
  ///   - text: what is asked for.
  ///   - negative: what guidance leads away from.
  func generate(
    _ chunk: StemChunk, noise: Tensor, text: TextStates, negative: TextStates,
    settings: SamplingSettings
  ) throws -> Tensor

  /// What is remembered after a chunk whose stem `[N, latentSize]` is known.
  func memory(of stem: Tensor, in chunk: StemChunk, text: TextStates) throws -> StemMemory

  /// How much a stem's latents `[N, latentSize]` sound like a target: more is liker. Nil for a name
  /// that the model does not know.
  func likeness(of latents: Tensor, to target: String) throws -> Float?

  /// Latents -> log-mel `[N * framesPerLatent, bands]`.
  func decode(_ latents: Tensor) throws -> Tensor

  /// A voice that speaks log-mel frames, from the first of a song on.
  /// - Parameters:
  ///   - sampleCount: length of the whole sound.
  ///   - seed: of the noise in what the voice is not sure of.
  func voice(sampleCount: Int, seed: UInt64) throws -> any StemVoice
}

/// Log-mel frames that arrive in order, made into sound. Frame t is centred on sample t * hop.
public protocol StemVoice {
  /// Log-mel `[T, bands]` -> the samples that are ready, at the generator's rate.
  mutating func push(_ mel: Tensor) throws -> [Float]
  /// Ends the frames and gives the rest, up to exactly the whole length.
  mutating func finish() throws -> [Float]
}
