import AudioFiles
import Editors
import Signal
import Tensors

/// A stretch of a song, changed by a text-to-audio model: in windows as long as the model was trained
/// on, which overlap and are faded into each other.
final class ChangedSound: StemSource {
  private let model: any TextToAudioModel
  private let change: SoundChange
  private let seed: UInt64
  private let sound: SoundStream
  private let mel: MelSpectrogram
  private var placed: PlacedSound
  private let onStep: (Double) throws -> Void
  /// Samples at the model's rate: of a latent, of a window, and of the fade between two.
  private let unit: Int, window: Int, overlap: Int
  private let windows: Int
  private var heard: [Float] = []
  /// The end of the last window, to be faded out.
  private var tail: [Float] = []
  private var done = 0
  private var isHeardWhole = false
  private var isFinished = false

  /// The least latent times that a window has: a U-Net halves them a few times.
  private static let leastLatents = 8

  /// - Parameters:
  ///   - gain: brings the song to the level that the model was trained at.
  ///   - onStep: called with the share that is done; may throw to cancel.
  init(
    _ song: Song, range: Range<Int>, model: any TextToAudioModel, change: SoundChange,
    seed: UInt64, gain: Float, onStep: @escaping (Double) throws -> Void
  ) throws {
    (self.model, self.change, self.seed, self.onStep) = (model, change, seed, onStep)
    let rate = model.mel.sampleRateHz
    sound = try SoundStream(song, range: range, rate: rate, gain: gain)
    mel = try MelSpectrogram(model.mel)
    placed = try PlacedSound(
      like: song.info, frameCount: range.count, rate: rate, gain: 1 / Double(gain))
    unit = model.mel.stft.hopSamples * model.framesPerLatent
    let latents = max(model.trainedLatents, Self.leastLatents)
    window = latents * unit
    overlap = latents / 8 * unit
    let samples = range.count * rate / song.info.sampleRate
    windows = 1 + max(0, samples - window + window - overlap - 1) / (window - overlap)
  }

  /// Seconds of sound that the model hears at once.
  static func windowSeconds(of model: any TextToAudioModel) -> Double {
    let latents = max(model.trainedLatents, leastLatents)
    return Double(latents * model.framesPerLatent * model.mel.stft.hopSamples)
      / Double(model.mel.sampleRateHz)
  }

  func next() throws -> [AudioBlock]? {
    guard !isFinished else { return nil }
    while heard.count <= window, !isHeardWhole {
      if let channels = try sound.next() { heard += channels[0] } else { isHeardWhole = true }
    }
    isFinished = isHeardWhole && heard.count <= window
    // What only the overlap holds was made with the window before.
    let rest = heard.count <= tail.count ? [] : try changed(Array(heard.prefix(window)))
    var made = rest.isEmpty ? Array(tail.prefix(heard.count)) : faded(rest)
    if isFinished {
      made = Array(made.prefix(heard.count))
    } else {
      tail = Array(made.suffix(overlap))
      made.removeLast(overlap)
      heard.removeFirst(window - overlap)
    }
    return [try placed.push(made, isLast: isFinished)]
  }

  /// One window's samples, whose count may be less for the last; the result fills whole latents.
  private func changed(_ samples: [Float]) throws -> [Float] {
    let latents = max(Self.leastLatents, (samples.count + unit - 1) / unit)
    let silence = [Float](repeating: 0, count: latents * unit - samples.count)
    let frames = latents * model.framesPerLatent
    let bands = model.mel.bands
    var values = Array(mel(samples + silence).values.prefix(frames * bands))
    // Layouts that are not centred give a frame less.
    while values.count < frames * bands { values += values.suffix(bands) }
    var (noise, random) = (
      Philox(seed: seed, stream: UInt64(2 * done)), Philox(seed: seed, stream: UInt64(2 * done + 1))
    )
    defer { done += 1 }
    let before = try model.encode(try Tensor(values, shape: [frames, bands]))
    let after = try model.changed(
      before, by: change, noise: { noise.normals(before.shape) }, random: &random,
      onStep: { try onStep((Double(done) + Double($0) / Double($1)) / Double(windows)) })
    return Array(try model.speak(model.decode(after)).prefix(latents * unit))
  }

  /// Fades from the last window into this one, linearly.
  private func faded(_ samples: [Float]) -> [Float] {
    var samples = samples
    for index in 0..<min(tail.count, samples.count) {
      let share = (Float(index) + 0.5) / Float(tail.count)
      samples[index] = share * samples[index] + (1 - share) * tail[index]
    }
    return samples
  }
}
