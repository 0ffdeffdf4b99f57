/// The curve from Hz to mel.
public enum MelScale: String, Sendable, Codable, Hashable, CaseIterable {
  /// 2595 · log10(1 + f / 700) (HTK; torchaudio's default).
  case htk
  /// Linear to 1 kHz, logarithmic above (Slaney's Auditory Toolbox; librosa's default).
  case slaney
}

/// How the triangles of a filter bank are weighted.
public enum MelNorm: String, Sendable, Codable, Hashable, CaseIterable {
  /// Each triangle has the peak 1.
  case none
  /// Each triangle has the area 1 (in Hz).
  case slaney
}

/// The arithmetic in which filter weights are computed.
///
/// Networks are trained with the weights of their own library: torchaudio computes them in single
/// precision, which moves a band by up to 1.3e-5, librosa in double.
public enum MelArithmetic: String, Sendable, Codable, Hashable, CaseIterable {
  case single, double
}

/// What becomes of mel values above their floor.
public enum MelCompression: String, Sendable, Codable, Hashable, CaseIterable {
  /// The values as they are.
  case none
  /// ln(max(x, floor)).
  case ln
  /// log10(max(x, floor)).
  case log10
  /// Decibels relative to 1: 10 · log10 of powers, 20 · log10 of magnitudes, of max(x, floor).
  case dB
}

/// Everything that defines a mel spectrogram: a network's input format, kept beside its weights.
///
/// Values are `[frame][band]`: compression(filters · |STFT|^power).
public struct MelLayout: Sendable, Hashable {
  public var sampleRateHz: Int
  public var stft: STFTLayout
  public var bands: Int
  public var lowestHz: Double
  public var highestHz: Double
  public var scale: MelScale
  public var norm: MelNorm
  public var arithmetic: MelArithmetic
  /// 1 for magnitudes, 2 for powers.
  public var power: Int
  /// Added to re² + im² before the root (1e-9 in HiFi-GAN's descendants).
  public var powerOffset: Double
  public var compression: MelCompression
  /// Lower bound of mel values before a logarithm.
  public var floor: Double

  public init(
    sampleRateHz: Int, stft: STFTLayout, bands: Int, lowestHz: Double = 0,
    highestHz: Double? = nil, scale: MelScale, norm: MelNorm, arithmetic: MelArithmetic = .double,
    power: Int = 1, powerOffset: Double = 0, compression: MelCompression, floor: Double
  ) {
    self.sampleRateHz = sampleRateHz
    self.stft = stft
    self.bands = bands
    self.lowestHz = lowestHz
    self.highestHz = highestHz ?? Double(sampleRateHz) / 2
    self.scale = scale
    self.norm = norm
    self.arithmetic = arithmetic
    self.power = power
    self.powerOffset = powerOffset
    self.compression = compression
    self.floor = floor
  }

  /// Frames a second.
  public var frameRate: Double { Double(sampleRateHz) / Double(stft.hopSamples) }

  /// Throws ``SignalError`` unless every field makes sense.
  public func validate() throws {
    try stft.validate()
    try require(
      (1000...768_000).contains(sampleRateHz), "sampleRateHz", sampleRateHz, "1000 to 768000")
    try require((1...4096).contains(bands), "bands", bands, "1 to 4096")
    try require(
      lowestHz >= 0 && lowestHz < highestHz, "lowestHz", lowestHz, "0 to below highestHz")
    try require(
      highestHz <= Double(sampleRateHz) / 2, "highestHz", highestHz,
      "at most half the sample rate (\(Double(sampleRateHz) / 2))")
    try require(power == 1 || power == 2, "power", power, "1 (magnitude) or 2 (power)")
    try require(
      powerOffset >= 0 && powerOffset < 1, "powerOffset", powerOffset, "0 to below 1")
    try require(
      compression == .none || (floor >= 1e-30 && floor < 1), "floor", floor,
      "1e-30 to below 1")
  }
}

extension MelLayout {
  /// Default music models of this project (`bands` and sizes of BigVGAN-v2 44 kHz, but centred).
  public static let music = MelLayout(
    sampleRateHz: 44100, stft: STFTLayout(fftSize: 2048, hopSamples: 512), bands: 128,
    scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)

  /// Vocos `mel-24khz` (gemelo-ai/vocos, feature_extractors.py): torchaudio's filters, ln with
  /// clip 1e-7.
  public static let vocos24kHz = MelLayout(
    sampleRateHz: 24000, stft: STFTLayout(fftSize: 1024, hopSamples: 256), bands: 100,
    scale: .htk, norm: .none, arithmetic: .single, compression: .ln, floor: 1e-7)

  /// BigVGAN-v2 `44khz_128band_512x` (NVIDIA/BigVGAN, meldataset.py).
  public static let bigVGAN44kHz = MelLayout(
    sampleRateHz: 44100, stft: STFTLayout(fftSize: 2048, hopSamples: 512, padding: .halfOverlap),
    bands: 128, scale: .slaney, norm: .slaney, powerOffset: 1e-9, compression: .ln, floor: 1e-5)

  /// AUDIT as in Amphion's text-to-audio recipes (open-mmlab/Amphion, utils/mel.py).
  public static let audit16kHz = MelLayout(
    sampleRateHz: 16000, stft: STFTLayout(fftSize: 1024, hopSamples: 256, padding: .halfOverlap),
    bands: 80, scale: .slaney, norm: .slaney, powerOffset: 1e-9, compression: .ln, floor: 1e-5)

  /// AudioLDM (haoheliu/AudioLDM, TacotronSTFT).
  public static let audioLDM16kHz = MelLayout(
    sampleRateHz: 16000, stft: STFTLayout(fftSize: 1024, hopSamples: 160), bands: 64,
    scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
}

/// Flat keys, as in the `mel` entry of a `model.json`; those with a usual value may be left out:
/// `windowSamples` (fftSize), `lowestHz` (0), `highestHz` (half the rate), `power` (1),
/// `powerOffset` (0), `arithmetic` ("double"), `padding` ("centred"), `scale` and `norm`
/// ("slaney"), `compression` ("ln"), `floor` (1e-5).
extension MelLayout: Codable {
  private enum CodingKeys: String, CodingKey {
    case sampleRateHz, fftSize, windowSamples, hopSamples, padding, bands, lowestHz, highestHz
    case scale, norm, arithmetic, power, powerOffset, compression, floor
  }

  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    let rate = try keys.decode(Int.self, forKey: .sampleRateHz)
    self.init(
      sampleRateHz: rate,
      stft: STFTLayout(
        fftSize: try keys.decode(Int.self, forKey: .fftSize),
        hopSamples: try keys.decode(Int.self, forKey: .hopSamples),
        windowSamples: try keys.decodeIfPresent(Int.self, forKey: .windowSamples),
        padding: try keys.decodeIfPresent(FramePadding.self, forKey: .padding) ?? .centred),
      bands: try keys.decode(Int.self, forKey: .bands),
      lowestHz: try keys.decodeIfPresent(Double.self, forKey: .lowestHz) ?? 0,
      highestHz: try keys.decodeIfPresent(Double.self, forKey: .highestHz),
      scale: try keys.decodeIfPresent(MelScale.self, forKey: .scale) ?? .slaney,
      norm: try keys.decodeIfPresent(MelNorm.self, forKey: .norm) ?? .slaney,
      arithmetic: try keys.decodeIfPresent(MelArithmetic.self, forKey: .arithmetic) ?? .double,
      power: try keys.decodeIfPresent(Int.self, forKey: .power) ?? 1,
      powerOffset: try keys.decodeIfPresent(Double.self, forKey: .powerOffset) ?? 0,
      compression: try keys.decodeIfPresent(MelCompression.self, forKey: .compression) ?? .ln,
      floor: try keys.decodeIfPresent(Double.self, forKey: .floor) ?? 1e-5)
    try validate()
  }

  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(sampleRateHz, forKey: .sampleRateHz)
    try keys.encode(stft.fftSize, forKey: .fftSize)
    try keys.encode(stft.windowSamples, forKey: .windowSamples)
    try keys.encode(stft.hopSamples, forKey: .hopSamples)
    try keys.encode(stft.padding, forKey: .padding)
    try keys.encode(bands, forKey: .bands)
    try keys.encode(lowestHz, forKey: .lowestHz)
    try keys.encode(highestHz, forKey: .highestHz)
    try keys.encode(scale, forKey: .scale)
    try keys.encode(norm, forKey: .norm)
    try keys.encode(arithmetic, forKey: .arithmetic)
    try keys.encode(power, forKey: .power)
    try keys.encode(powerOffset, forKey: .powerOffset)
    try keys.encode(compression, forKey: .compression)
    try keys.encode(floor, forKey: .floor)
  }
}
