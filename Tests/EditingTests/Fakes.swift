import AudioFiles
import Editing
import Editors
import Foundation
import Instructions
import Signal
import Tensors

/// Masks that are simple functions of the text: its first state's number is the mask below band
/// `edge`, zero above.
struct FakeMasker: StemMasker {
  var mel = MelLayout(
    sampleRateHz: 44100, stft: STFTLayout(fftSize: 4096, hopSamples: 1024), bands: 256,
    scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
  var framesPerToken = 2
  var edge = 256
  /// Under a half, there is no mask.
  var presence: Float = 1
  var least: Double?
  var shareWeight: Float = 1
  /// Multiplies the mask of each chunk by a number that depends on the chunk's sound alone.
  var wobbles = false

  func leastLoudness(of target: String) -> Double? { least }

  func masks(of mixture: Tensor, named texts: [TextStates]) throws -> [StemMask] {
    let frames = mixture.shape[0]
    precondition(frames % framesPerToken == 0)
    return try texts.map { text in
      var value = text.states.floats[0]
      if wobbles { value *= frames == 256 ? 1 : 0.5 }
      let row = (0..<2 * mel.bands).map { $0 / 2 < edge ? value : 0 }
      let mask = try Tensor((0..<frames).flatMap { _ in row }, shape: [frames, mel.bands, 2])
      return StemMask(mask: presence < 0.5 ? nil : mask, presence: presence)
    }
  }
}

/// A generator whose latents are means of log-mel, smoothed over neighbours, and whose sound is a
/// square wave of that level.
struct FakeGenerator: StemGenerator {
  var mel = MelLayout.music
  var framesPerLatent = 4
  var latentSize = 2
  var contextLatents = 4
  var chunkLatents = 128
  var defaults = SamplingSettings(steps: 4, guidance: 2)
  var defaultTakes = 1
  /// What chance adds to the latents: to each its own, or the same to all.
  var noiseShare: Float = 0
  var noiseIsShared = false
  /// Keeps the first deviate of each chunk's noise.
  var heardNoise: NoiseLog?

  func encode(_ mel: Tensor) throws -> Tensor {
    let count = mel.shape[0] / framesPerLatent
    let width = mel.shape[1] * framesPerLatent
    let values = mel.floats
    let means = (0..<count).map { n in
      values[n * width..<(n + 1) * width].reduce(0, +) / Float(width)
    }
    return try Tensor((0..<count).flatMap { [smooth(means, $0), means[$0]] }, shape: [count, 2])
  }

  var harmonyHead: HarmonyHead? { nil }
  var attributes: [String] { ["distorted", "fast", "high"] }

  func generate(
    _ chunk: StemChunk, noise: Tensor, text: TextStates, negative: TextStates,
    settings: SamplingSettings
  ) throws -> Tensor {
    let (heard, deviates) = (chunk.mixture.floats, noise.floats)
    heardNoise?.first.append(deviates[0])
    var values = heard.indices.map {
      heard[$0] + noiseShare * deviates[noiseIsShared ? 0 : $0]
    }
    values.replaceSubrange(0..<chunk.known.count, with: chunk.known.floats)
    return try Tensor(values, shape: chunk.mixture.shape)
  }

  func memory(of stem: Tensor, in chunk: StemChunk, text: TextStates) throws -> StemMemory {
    chunk.memory
  }

  /// A higher level is liker.
  func likeness(of latents: Tensor, to target: String) throws -> Float? {
    latents.floats.reduce(0, +)
  }

  func decode(_ latents: Tensor) throws -> Tensor {
    let values = latents.floats
    let levels = stride(from: 0, to: values.count, by: latentSize).map { values[$0] }
    let rows = (0..<levels.count).flatMap { n in
      [Float](repeating: smooth(levels, n), count: framesPerLatent * mel.bands)
    }
    return try Tensor(rows, shape: [levels.count * framesPerLatent, mel.bands])
  }

  func voice(sampleCount: Int, seed: UInt64) throws -> any StemVoice {
    FakeVoice(hop: mel.stft.hopSamples, sampleCount: sampleCount)
  }

  private func smooth(_ values: [Float], _ n: Int) -> Float {
    let range = max(0, n - 2)...min(values.count - 1, n + 2)
    return range.reduce(0) { $0 + values[$1] } / Float(range.count)
  }
}

/// Written to by one thread.
final class NoiseLog: @unchecked Sendable {
  var first: [Float] = []
}

struct FakeVoice: StemVoice {
  let hop: Int
  let sampleCount: Int
  private var given = 0

  init(hop: Int, sampleCount: Int) {
    self.hop = hop
    self.sampleCount = sampleCount
  }

  mutating func push(_ mel: Tensor) -> [Float] {
    let (values, bands) = (mel.floats, mel.shape[1])
    return (0..<mel.shape[0]).flatMap { frame in
      let level = exp(values[frame * bands]) * 20
      let count = min(hop, sampleCount - given)
      given += count
      return (0..<count).map { $0 % 100 < 50 ? level : -level }
    }
  }

  mutating func finish() -> [Float] {
    defer { given = sampleCount }
    return [Float](repeating: 0, count: sampleCount - given)
  }
}

/// Says that the treble goes on as loud as the highest bands that are known, on average.
struct FlatTreble: TrebleEstimator {
  let mel = MelLayout.music
  let contextFrames = 4

  func bands(of mel: Tensor, known: [Bool]) -> Tensor {
    let (values, bands) = (mel.floats, known.count)
    let rows = (0..<mel.shape[0]).flatMap { frame in
      let heard = (0..<bands).filter { known[$0] }.map { values[frame * bands + $0] }
      return [Float](repeating: heard.suffix(8).reduce(0, +) / 8, count: bands)
    }
    return Tensor(vector: rows).reshaped(mel.shape)
  }
}

/// Models for tests; a text's state is the number it ends with, or 1.
///
/// Set up before they are used, and used by one thread.
final class FakeModels: EditingModels, @unchecked Sendable {
  var fakeMasker = FakeMasker()
  var fakeGenerator = FakeGenerator()
  let used = [LoadedModel(name: "fake", version: "1", licence: "none", hashes: [:])]
  func verified() throws -> [LoadedModel] { used }

  var fakeCleaner = FakeMasker()
  func masker(for target: String) throws -> any StemMasker {
    SoundParts.names.contains(target) ? fakeCleaner : fakeMasker
  }
  var sounds = ["dog", "birds"]
  func madeSounds() throws -> [String] { sounds }
  func soundTargets() throws -> [String] { ["noise", "voice", "dog", "birds"] }
  func generator(for target: String) throws -> any StemGenerator { fakeGenerator }
  func trebleEstimator() throws -> any TrebleEstimator { FlatTreble() }
  var stems = ["drums 0.6", "bass 0.3", "piano 0.4", "drums", "drums 0.5", "drums 0.8", "piano"]
  func targets() throws -> [String] { stems }
  /// Nil: all that are found.
  var made: [String]?
  func madeTargets() throws -> [String] { made ?? stems }

  /// What every instruction asks for; nil: the removal of what its last word names.
  var asked: [PlanStep]?

  func plan(_ instruction: String) throws -> EditPlan {
    if let asked { return EditPlan(steps: asked) }
    return EditPlan(steps: [step(.remove, String(instruction.split(separator: " ").last ?? ""))])
  }

  func states(of text: String) throws -> TextStates {
    let number = text.split(separator: " ").last.flatMap { Float($0) } ?? 1
    return TextStates(try Tensor([number, 0], shape: [1, 2]))
  }
}

/// A folder for one test's files, deleted with it.
final class TestFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "aedit-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  /// Writes a song: chords of detuned tones with some noise, peaking at about -4 dB.
  func song(
    _ name: String = "song.wav", seconds: Double = 8, rate: Int = 44100, channels: Int = 2,
    encoding: SampleEncoding = .integer(bits: 16)
  ) throws -> String {
    let frames = Int(seconds * Double(rate))
    var random = Philox(seed: 5)
    var samples = [Double](repeating: 0, count: frames * channels)
    for frame in 0..<frames {
      let time = Double(frame) / Double(rate)
      for channel in 0..<channels {
        let pitch =
          220 * (1 + 0.01 * Double(channel))
          * (time.truncatingRemainder(dividingBy: 2) < 1 ? 1 : 1.5)
        let tones = sin(2 * .pi * pitch * time) + 0.5 * sin(2 * .pi * pitch * 5.1 * time)
        let noise = Double(Int64(bitPattern: random.next()) >> 32) / 2_147_483_648
        samples[frame * channels + channel] = 0.35 * tones + 0.05 * noise
      }
    }
    return try write(
      name, AudioBlock(channelCount: channels, samples: samples), rate: rate, encoding: encoding)
  }

  func write(
    _ name: String, _ block: AudioBlock, rate: Int = 44100,
    encoding: SampleEncoding = .integer(bits: 16)
  ) throws -> String {
    let info = AudioInfo(
      sampleRate: rate, channelCount: block.channelCount, frameCount: block.frameCount,
      encoding: encoding)
    let writer = try AudioWriter(path: path(name), like: info)
    try writer.write(block)
    try writer.commit()
    return path(name)
  }

  func read(_ name: String) throws -> AudioBlock { try AudioReader(path: path(name)).readAll() }
}

/// FNV-1a of the samples' bits.
func checksum(_ block: AudioBlock) -> UInt64 {
  block.samples.reduce(14_695_981_039_346_656_037) { hash, sample in
    // Both zeros are the same sound, and integer files hold only one.
    (hash ^ (sample == 0 ? 0 : sample.bitPattern)) &* 1_099_511_628_211
  }
}

/// Those that mix one stem into the song.
let operations = PlanOperation.allCases.filter { $0 != .inpaint && $0 != .remix }

func step(_ operation: PlanOperation, _ target: String) -> PlanStep {
  PlanStep(operation: operation, target: target, confidence: 1, text: "")
}

func plan(_ steps: PlanStep...) -> EditPlan { EditPlan(steps: steps) }
