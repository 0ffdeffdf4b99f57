import Signal
import Tensors
import Vocoders

/// ``Vocoder``, the sum of its phase steps, and the inverse STFT, for frames that arrive in order.
struct VocoderVoice: StemVoice {
  /// Frames that go through the network at once.
  private static let windowFrames = 256

  private let vocoder: Vocoder
  private var windows: ContextWindows
  private var phases: PhaseIntegrator
  private var synthesis: ISTFTStream

  init(_ vocoder: Vocoder, sampleCount: Int, seed: UInt64) throws {
    let config = vocoder.config
    self.vocoder = vocoder
    windows = ContextWindows(
      width: config.bands, context: vocoder.contextFrames, length: Self.windowFrames)
    phases = PhaseIntegrator(binCount: config.bins, seed: seed)
    synthesis = ISTFTStream(
      try STFT(STFTLayout(fftSize: config.fftSize, hopSamples: config.hop)),
      sampleCount: sampleCount)
  }

  mutating func push(_ mel: Tensor) throws -> [Float] {
    try windows.push(mel.floats).flatMap { try speak($0) }
  }

  mutating func finish() throws -> [Float] {
    let last = try windows.finish().flatMap { try speak($0) }
    return last + synthesis.finish()
  }

  private mutating func speak(_ window: ContextWindows.Window) throws -> [Float] {
    let bands = vocoder.config.bands
    let mel = try Tensor(window.values, shape: [1, window.values.count / bands, bands])
    return synthesis.push(phases.push(vocoder(mel)[0][rows: window.inner].floats))
  }
}
