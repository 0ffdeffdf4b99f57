import Checkpoints
import Foundation
import Layers
import Signal
import Tensors
import Vocoders

/// The painter of a speech package with the vocoder that speaks its frames: fills gaps in a window
/// of sound.
public struct SpeechFiller: Sendable {
  public let mel: MelLayout
  private let painter: SpeechPainter
  private let vocoder: Vocoder
  private let spectrogram: MelSpectrogram

  /// A frame counts as damaged when a gap reaches so near to its middle, samples: beyond, the Hann
  /// window keeps little of it.
  private static let reachSamples = 768
  /// Frames that the network is asked for at least: the gap and what is around it, as in training.
  private static let leastQueries = 128
  private static let heardSeconds = 20
  /// Of the noise that is added, to the peak: the least of the training's.
  private static let floorLevel: Float = 0.0001
  /// Philox's stream of it; the vocoder's phases have the first.
  private static let floorStream: UInt64 = 1
  /// Frames around a gap by which the vocoder's level is compared with the recording's.
  private static let levelFrames = 24

  /// Loads component `painter` of a speech package and `vocoder` of a music package, in the
  /// precision of `Precision.current`.
  ///
  /// - Throws: `CheckpointError`
  public init(speech: ModelPackage, music: ModelPackage) throws {
    let config = try speech.decode(SpeechPainterConfig.self, from: "config", "painter")
    let weights = try speech.weights(of: "painter")
    painter = try SpeechPainter(weights, config: config)
    try weights.finish()
    let vocoderConfig = try music.decode(VocoderConfig.self, from: "config", "vocoder")
    let vocoderWeights = try music.weights(of: "vocoder")
    vocoder = try Vocoder(vocoderWeights, config: vocoderConfig)
    try vocoderWeights.finish()
    mel = .music(
      rate: config.rate, fftSize: config.fftSize, hop: config.hop, bands: config.bands)
    guard vocoderConfig.rate == config.rate, vocoderConfig.hop == config.hop,
      vocoderConfig.fftSize == config.fftSize, vocoderConfig.bands == config.bands
    else {
      throw CheckpointError.package(
        folder: speech.folder, problem: "the vocoder of \(music.folder) does not speak its frames",
        hint: "install packages that belong together")
    }
    spectrogram = try MelSpectrogram(mel)
  }

  /// What is heard of a recording for one gap, at most, samples at `mel.sampleRateHz`; half of it lies
  /// on each side of the gap.
  public var heardSamples: Int { Self.heardSeconds * config.rate }

  /// Sound with its gap spoken, at the sound's level; beside the gap it is near to what it was.
  ///
  /// - Parameters:
  ///   - samples: at `mel.sampleRateHz`, zeros in the gaps.
  ///   - gap: the samples to fill.
  ///   - others: further samples that are not to be heard.
  ///   - phonemes: what is said, in samples.
  ///   - words: the same as a synthesizer says it.
  ///   - seed: of the noise that is added and of the vocoder's.
  /// - Returns: as many samples.
  /// - Throws: `LayerError`
  public func fill(
    _ samples: [Float], gap: Range<Int>, others: [Range<Int>], phonemes: [TimedPhoneme],
    words: [GuideWord], seed: UInt64
  ) throws -> [Float] {
    let hop = config.hop
    var spectra = spectrogram.stft(floored(samples, seed: seed))
    let heard = spectrogram(spectra)
    let masked = (0..<spectra.frameCount).map { frame in
      ([gap] + others).contains { reaches($0, frame) }
    }
    guard let first = masked.indices.first(where: { reaches(gap, $0) }),
      let last = masked.indices.last(where: { reaches(gap, $0) })
    else { return samples }
    let asked = first..<last + 1
    let timed = phonemes.map {
      TimedPhoneme(
        phoneme: $0.phoneme, start: $0.start / Float(hop), end: $0.end / Float(hop))
    }
    let guide = SpeechGuide(spectrogram, layout: mel).frames(masked.count, of: words)
    let painted = try paint(heard, masked, asked, timed, guide)
    let made = speak(painted, asked, masked, spectra, seed: seed)
    let width = 2 * spectra.binCount
    spectra.values.replaceSubrange(
      asked.lowerBound * width..<asked.upperBound * width, with: made.values)
    return spectrogram.stft.inverse(spectra, sampleCount: samples.count)
  }

  private var config: SpeechPainterConfig { painter.config }

  /// With a faint noise, as no recording of the training is wholly silent.
  private func floored(_ samples: [Float], seed: UInt64) -> [Float] {
    let level = samples.reduce(0) { max($0, abs($1)) } * Self.floorLevel
    var generator = Philox(seed: seed, stream: Self.floorStream)
    let noise = generator.normals([samples.count]).floats
    return zip(samples, noise).map { $0 + level * $1 }
  }

  private func reaches(_ gap: Range<Int>, _ frame: Int) -> Bool {
    let middle = frame * config.hop
    return middle + Self.reachSamples > gap.lowerBound
      && middle - Self.reachSamples < gap.upperBound
  }

  /// Log-mel `[M, bands]` with the asked frames painted, no band louder than it is anywhere else.
  private func paint(
    _ heard: MelFrames, _ masked: [Bool], _ asked: Range<Int>, _ phonemes: [TimedPhoneme],
    _ guide: [Float]
  ) throws -> Tensor {
    let (count, bands) = (masked.count, config.bands)
    let memory = SpeechMemory(
      mel: heard.values, bands: bands, heard: masked.map(!), phonemes: phonemes, guide: guide)
    // The network's window: around the gap, as far as there is sound.
    let centred = (asked.lowerBound + asked.upperBound - config.frames) / 2
    let start = max(0, min(centred, count - config.frames))
    let window = start..<start + config.frames
    let missing = max(0, Self.leastQueries - asked.count)
    let first = max(
      start, min(asked.lowerBound - missing / 2, window.upperBound - asked.count - missing))
    let queries = first..<min(window.upperBound, max(asked.upperBound, first + Self.leastQueries))
    func inWindow(_ values: [Float]) throws -> Tensor {
      let part = values[start * bands..<min(count, window.upperBound) * bands]
      let silence = [Float](repeating: 0, count: config.frames * bands - part.count)
      return try Tensor(part + silence, shape: [config.frames, bands])
    }
    let made = try painter(
      try inWindow(heard.values),
      gap: window.map { $0 >= count || masked[$0] },
      phonemes: phonemes.filter {
        $0.end > Float(window.lowerBound) && $0.start < Float(window.upperBound)
      }.map {
        TimedPhoneme(
          phoneme: $0.phoneme, start: $0.start - Float(start), end: $0.end - Float(start))
      },
      guide: try inWindow(guide), queries: queries.map { $0 - start }, memory: memory
    ).floats
    var values = heard.values
    var loudest = [Float](repeating: Float(log(self.mel.floor)), count: bands)
    for frame in 0..<count where !masked[frame] {
      for band in 0..<bands { loudest[band] = max(loudest[band], values[frame * bands + band]) }
    }
    for frame in queries where frame < count && masked[frame] {
      for band in 0..<bands {
        values[frame * bands + band] = min(
          loudest[band], made[(frame - queries.lowerBound) * bands + band])
      }
    }
    return try Tensor(values, shape: [count, bands])
  }

  /// Spectra of the asked frames: phases go on from the last frame before them.
  private func speak(
    _ painted: Tensor, _ asked: Range<Int>, _ masked: [Bool], _ spectra: ComplexFrames,
    seed: UInt64
  ) -> ComplexFrames {
    let context = vocoder.contextFrames
    let range =
      max(0, asked.lowerBound - context)..<min(painted.shape[0], asked.upperBound + context)
    let part = painted[rows: range]
    let steps = vocoder(part.reshaped([1] + part.shape))[0]
    var phases = PhaseIntegrator(binCount: spectra.binCount, seed: seed)
    let width = 2 * spectra.binCount
    if asked.lowerBound > 0 {
      phases.follow(spectra.values[(asked.lowerBound - 1) * width..<asked.lowerBound * width])
    }
    let offset = asked.lowerBound - range.lowerBound
    var made = phases.push(steps[rows: offset..<offset + asked.count].floats)
    let gain = level(steps, range, asked, masked, spectra)
    for index in made.values.indices { made.values[index] *= gain }
    return made
  }

  /// How much louder the recording is around the gap than what the vocoder makes of its frames.
  private func level(
    _ steps: Tensor, _ range: Range<Int>, _ asked: Range<Int>, _ masked: [Bool],
    _ spectra: ComplexFrames
  ) -> Float {
    var (heardPower, madePower) = (0.0, 0.0)
    let near =
      max(
        range.lowerBound, asked.lowerBound - Self.levelFrames)..<min(
        range.upperBound, asked.upperBound + Self.levelFrames)
    for frame in near where !masked[frame] {
      let row = steps[frame - range.lowerBound].floats
      for bin in 0..<spectra.binCount {
        let at = 2 * (frame * spectra.binCount + bin)
        let (re, im) = (Double(spectra.values[at]), Double(spectra.values[at + 1]))
        heardPower += re * re + im * im
        madePower += exp(2 * Double(row[bin]))
      }
    }
    return madePower > 0 && heardPower > 0
      ? Float(min(1.5, max(0.67, (heardPower / madePower).squareRoot()))) : 1
  }
}
