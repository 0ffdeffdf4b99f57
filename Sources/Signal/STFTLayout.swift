/// What lies beyond the ends of a signal, and where its first frame stands.
public enum FramePadding: String, Sendable, Codable, Hashable, CaseIterable {
  /// fftSize/2 mirrored samples on both sides: frame t is centred on sample t · hop
  /// (torch, librosa with `pad_mode="reflect"`).
  case centred
  /// fftSize/2 zeros on both sides (librosa's default).
  case centredZeros
  /// (fftSize − hop)/2 mirrored samples on both sides: one frame per whole hop
  /// (HiFi-GAN, BigVGAN, Amphion; Vocos calls it "same").
  case halfOverlap
  /// Nothing: only frames that lie wholly inside of the signal.
  case none
}

/// Sizes of a short-time Fourier transform with a periodic Hann window.
public struct STFTLayout: Sendable, Hashable, Codable {
  public var fftSize: Int
  /// Width of the window, centred in the FFT's frame.
  public var windowSamples: Int
  public var hopSamples: Int
  public var padding: FramePadding

  public init(
    fftSize: Int, hopSamples: Int, windowSamples: Int? = nil, padding: FramePadding = .centred
  ) {
    self.fftSize = fftSize
    self.windowSamples = windowSamples ?? fftSize
    self.hopSamples = hopSamples
    self.padding = padding
  }

  /// Frequencies from 0 to half the sample rate, both included.
  public var binCount: Int { fftSize / 2 + 1 }

  /// Samples put before and behind the signal.
  public var paddingSamples: Int {
    switch padding {
    case .centred, .centredZeros: return fftSize / 2
    case .halfOverlap: return (fftSize - hopSamples) / 2
    case .none: return 0
    }
  }

  /// Frames of a signal of that many samples; none for an empty one.
  public func frameCount(samples: Int) -> Int {
    let padded = samples + 2 * paddingSamples
    return samples == 0 || padded < fftSize ? 0 : 1 + (padded - fftSize) / hopSamples
  }

  /// Throws ``SignalError`` unless the sizes fit together.
  public func validate() throws {
    try require(
      (16...65536).contains(fftSize) && fftSize % 2 == 0, "fftSize", fftSize,
      "an even number from 16 to 65536")
    try require(
      (2...fftSize).contains(windowSamples), "windowSamples", windowSamples,
      "2 to fftSize (\(fftSize))")
    try require(
      (1...windowSamples).contains(hopSamples), "hopSamples", hopSamples,
      "1 to windowSamples (\(windowSamples))")
  }
}
