import AudioFiles
import Editors
import Signal
import Tensors

/// A stem made by the generative model: mono sound, put into the middle of all channels, or where a
/// part stood that it follows.
///
/// Each stage takes what the one before has ready: log-mel frames, latents of the mixture, latents
/// of the stem, its log-mel frames, sound at the model's rate, sound at the song's rate.
final class GeneratedStem: StemSource {
  /// Latents whose mel frames are encoded, and which are decoded, at once.
  private static let windowLatents = 128

  private let generator: any StemGenerator
  private let sound: SoundStream
  private var mel: MelStream
  private var melWindows: ContextWindows
  private var track: LatentTrack
  private var latentWindows: ContextWindows
  private var voice: any StemVoice
  private var placed: PlacedSound
  /// Mel values that do not fill a latent yet, and the frames taken so far.
  private var loose: [Float] = []
  private var melFrames = 0
  private var isFinished = false

  /// - Parameters:
  ///   - takes: beginnings to choose among.
  ///   - gain: brings the song to the level that the model was trained at; the stem is brought
  ///     back by its inverse.
  ///   - balance: the stem's factors by channel; nil for the middle.
  ///   - harmony: of `range`, for a generator that hears it.
  ///   - seed: of the noise.
  init(
    _ song: Song, range: Range<Int>, generator: any StemGenerator, text: TextStates,
    negative: TextStates, settings: SamplingSettings, takes: Takes, seed: UInt64, gain: Float,
    balance: [Double]? = nil, harmony: SongHarmony?
  ) throws {
    let info = song.info
    self.generator = generator
    let layout = generator.mel
    sound = try SoundStream(song, range: range, rate: layout.sampleRateHz, gain: gain)
    mel = MelStream(try MelSpectrogram(layout))
    melWindows = ContextWindows(
      width: layout.bands * generator.framesPerLatent, context: generator.contextLatents,
      length: Self.windowLatents)
    track = LatentTrack(
      generator, text: text, negative: negative, settings: settings, takes: takes, seed: seed,
      harmony: harmony)
    latentWindows = ContextWindows(
      width: generator.latentSize, context: generator.contextLatents, length: Self.windowLatents)
    let samples = StreamResampler.outputLength(
      frames: range.count, from: info.sampleRate, to: layout.sampleRateHz)
    voice = try generator.voice(sampleCount: samples, seed: seed)
    placed = try PlacedSound(
      like: info, frameCount: range.count, rate: layout.sampleRateHz, gain: 1 / Double(gain),
      balance: balance)
  }

  func next() throws -> [AudioBlock]? {
    guard !isFinished else { return nil }
    if let channels = try sound.next() {
      return [try placed.push(try make(mel.push(channels[0]).values), isLast: false)]
    }
    isFinished = true
    return [try placed.push(try makeLast(mel.finish().values), isLast: true)]
  }

  // MARK: - Stages

  /// Mel values -> sound at the model's rate, as much as is ready.
  private func make(_ values: [Float]) throws -> [Float] {
    try melWindows.push(whole(values)).flatMap { try sounds(of: try track.push(encode($0))) }
  }

  private func makeLast(_ values: [Float]) throws -> [Float] {
    var made = try make(padded(values))
    made += try melWindows.finish().flatMap { try sounds(of: try track.push(encode($0))) }
    made += try sounds(of: try track.finish())
    made += try latentWindows.finish().flatMap { try voice.push(decode($0)) }
    return made + (try voice.finish())
  }

  private func sounds(of latents: [Float]) throws -> [Float] {
    try latentWindows.push(latents).flatMap { try voice.push(decode($0)) }
  }

  /// Groups mel frames into latents' rows.
  private func whole(_ values: [Float]) -> [Float] {
    loose += values
    melFrames += values.count / generator.mel.bands
    let count = loose.count / melWindows.width * melWindows.width
    defer { loose.removeFirst(count) }
    return Array(loose.prefix(count))
  }

  /// Repeats the last frame until it fills a latent.
  private func padded(_ values: [Float]) -> [Float] {
    let unit = generator.framesPerLatent
    let frames = melFrames + values.count / generator.mel.bands
    let last = (values.isEmpty ? loose : values).suffix(generator.mel.bands)
    return values + (0..<(unit - frames % unit) % unit).flatMap { _ in last }
  }

  private func encode(_ window: ContextWindows.Window) throws -> [Float] {
    let frames = window.values.count / generator.mel.bands
    let latents = try generator.encode(
      try Tensor(window.values, shape: [frames, generator.mel.bands]))
    return latents[rows: window.inner].floats
  }

  private func decode(_ window: ContextWindows.Window) throws -> Tensor {
    let (size, unit) = (generator.latentSize, generator.framesPerLatent)
    let mel = try generator.decode(
      try Tensor(window.values, shape: [window.values.count / size, size]))
    return mel[rows: window.inner.lowerBound * unit..<window.inner.upperBound * unit]
  }
}
