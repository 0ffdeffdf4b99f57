import Autoencoders
import Checkpoints
import Layers
import Signal
import Tensors
import Vocoders

/// The stem editor, harmony head and timbre classifier of a music or sound package with the VAE and vocoder of a music
/// package, as edits use them.
public struct MusicGenerator: StemGenerator {
  public let mel: MelLayout
  public let defaults: SamplingSettings
  public let defaultTakes: Int
  /// Weight of the song in guidance, beside the text's.
  private let songGuidance: Float
  private let editor: StemEditor
  /// An editor of sound events has none.
  public let harmonyHead: HarmonyHead?
  /// A sound package has none: its takes are not told apart.
  private let timbre: Timbre?
  public let attributes: [String]
  /// The timbre classifier's targets, in its order.
  private let targets: [String]
  private let vae: MelVAE
  private let vocoder: Vocoder

  /// Latents of the crops that the editor was trained on.
  private static let trainedLatents = 128

  /// What a music package's `defaults` say about sampling.
  private struct Defaults: Decodable {
    let steps: Int
    let guidance: Float
    let songGuidance: Float
    let takes: Int

    private enum CodingKeys: String, CodingKey {
      case steps, guidance, takes
      case songGuidance = "song_guidance"
    }
  }

  /// Loads components `editor`, `harmony` and `timbre`, and `vae` and `vocoder` of `codec`, in the precision of
  /// `Precision.current`.
  ///
  /// - Throws: `CheckpointError`
  public init(package: ModelPackage, codec: ModelPackage) throws {
    func load<Network, Config: Decodable>(
      _ component: String, of package: ModelPackage,
      _ make: (WeightScope, Config) throws -> Network
    ) throws -> Network {
      let config = try package.decode(Config.self, from: "config", component)
      let weights = try package.weights(of: component)
      let network = try make(weights, config)
      try weights.finish()
      return network
    }
    editor = try load("editor", of: package) { try StemEditor($0, config: $1) }
    harmonyHead =
      package.components["harmony"] == nil
      ? nil : try load("harmony", of: package) { try HarmonyHead($0, config: $1) }
    timbre =
      package.components["timbre"] == nil
      ? nil : try load("timbre", of: package) { try Timbre($0, config: $1) }
    targets = try package.decode([String].self, from: "made")
    attributes = try package.decode([String].self, from: "attributes")
    vae = try load("vae", of: codec) { try MelVAE($0, config: $1) }
    vocoder = try load("vocoder", of: codec) { try Vocoder($0, config: $1) }
    let config = vocoder.config
    let (latent, judged) = (vae.config.latent, timbre?.config)
    guard vae.config.bands == config.bands, latent == editor.config.latent,
      judged == nil || judged?.latent == latent && judged?.targets == targets.count,
      editor.config.harmony == harmonyHead.map({ $0.config.chords + 2 }) ?? 0
    else {
      throw CheckpointError.package(
        folder: package.folder,
        problem:
          "its VAE, editor, harmony head, timbre classifier and vocoder do not fit each other",
        hint: "install the package again")
    }
    mel = .music(
      rate: config.rate, fftSize: config.fftSize, hop: config.hop, bands: config.bands)
    let values = try package.decode(Defaults.self, from: "defaults")
    guard values.steps > 0, values.takes > 0 else {
      throw CheckpointError.package(
        folder: package.folder,
        problem: "its default numbers of steps and takes are \(values.steps) and \(values.takes)",
        hint: "install the package again")
    }
    defaultTakes = values.takes
    defaults = SamplingSettings(steps: values.steps, guidance: values.guidance)
    songGuidance = values.songGuidance
  }

  public var framesPerLatent: Int { vae.config.framesPerLatent }
  public var latentSize: Int { vae.config.latent }
  public var contextLatents: Int { vae.context }
  public var chunkLatents: Int { Self.trainedLatents }

  public func encode(_ mel: Tensor) throws -> Tensor {
    vae.encode(mel.asOne)[0]
  }

  public func likeness(of latents: Tensor, to target: String) throws -> Float? {
    guard let timbre, let index = targets.firstIndex(of: target) else { return nil }
    return timbre(latents.asOne).floats[index]
  }

  public func decode(_ latents: Tensor) throws -> Tensor {
    vae.decode(latents.asOne)[0]
  }

  public func generate(
    _ chunk: StemChunk, noise: Tensor, text: TextStates, negative: TextStates,
    settings: SamplingSettings
  ) throws -> Tensor {
    let (count, known) = (chunk.mixture.shape[0], chunk.known)
    precondition(noise.shape == chunk.mixture.shape && known.shape[0] <= count)
    let guidance = StemGuidance(text: settings.guidance, song: songGuidance)
    let (states, mask) = batch(guidance.branches.map { $0.hasText ? text : negative })
    let filled = known.floats + [Float](repeating: 0, count: noise.count - known.count)
    let isKnown = (0..<count).map { $0 < known.shape[0] ? Float(1) : 0 }
    return try editor.sample(
      noise: noise.asOne, heard: heard(chunk),
      known: Tensor(vector: filled).reshaped([1] + noise.shape),
      knownMask: Tensor(vector: isKnown).reshaped([1, count, 1]),
      prompt: editor.prompt(states, mask: mask), memory: chunk.memory, steps: settings.steps,
      guidance: guidance)[0]
  }

  public func memory(of stem: Tensor, in chunk: StemChunk, text: TextStates) throws -> StemMemory {
    let (states, mask) = batch([text])
    return editor.remembering(
      stem.asOne, heard: heard(chunk), prompt: editor.prompt(states, mask: mask),
      after: chunk.memory)
  }

  private func heard(_ chunk: StemChunk) -> StemEditor.Heard {
    StemEditor.Heard(mixture: chunk.mixture.asOne, harmony: chunk.harmony?.asOne)
  }

  public func voice(sampleCount: Int, seed: UInt64) throws -> any StemVoice {
    MusicVoice(vocoder, stft: try STFT(mel.stft), sampleCount: sampleCount, seed: seed)
  }
}

extension Tensor {
  /// A batch of this alone: `[...] -> [1, ...]`.
  fileprivate var asOne: Tensor { reshaped([1] + shape) }
}

/// The vocoder over frames that arrive in blocks: windows with the context that the network sees,
/// phases frame by frame, then overlap-add.
struct MusicVoice: StemVoice {
  private static let framesPerWindow = 256

  private let vocoder: Vocoder
  private var windows: ContextWindows
  private var phases: PhaseIntegrator
  private var output: ISTFTStream

  init(_ vocoder: Vocoder, stft: STFT, sampleCount: Int, seed: UInt64) {
    self.vocoder = vocoder
    windows = ContextWindows(
      width: vocoder.config.bands, context: vocoder.contextFrames, length: Self.framesPerWindow)
    phases = PhaseIntegrator(binCount: vocoder.config.bins, seed: seed)
    output = ISTFTStream(stft, sampleCount: sampleCount)
  }

  mutating func push(_ mel: Tensor) throws -> [Float] {
    try windows.push(mel.floats).flatMap { try speak($0) }
  }

  mutating func finish() throws -> [Float] {
    try windows.finish().flatMap { try speak($0) } + output.finish()
  }

  private mutating func speak(_ window: ContextWindows.Window) throws -> [Float] {
    let frames = window.values.count / vocoder.config.bands
    let steps = vocoder(try Tensor(window.values, shape: [1, frames, vocoder.config.bands]))
    return output.push(phases.push(steps[0][rows: window.inner].floats))
  }
}
