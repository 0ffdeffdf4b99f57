import Foundation
import Signal
import TestSupport
import Testing

@Suite struct MelTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var layout: MelLayout
    var testDescription: String { name }
  }

  static let fine = MelLayout(
    sampleRateHz: 44100, stft: STFTLayout(fftSize: 4096, hopSamples: 1024), bands: 256,
    scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)

  static let cases = [
    Case(name: "vocos", layout: .vocos24kHz), Case(name: "bigvgan", layout: .bigVGAN44kHz),
    Case(name: "audit", layout: .audit16kHz), Case(name: "audioldm", layout: .audioLDM16kHz),
    Case(name: "music", layout: .music), Case(name: "fine", layout: fine),
    Case(
      name: "librosa",
      layout: MelLayout(
        sampleRateHz: 22050,
        stft: STFTLayout(
          fftSize: 1024, hopSamples: 300, windowSamples: 800, padding: .centredZeros),
        bands: 64, lowestHz: 40, highestHz: 9000, scale: .htk, norm: .slaney, power: 2,
        compression: .dB, floor: 1e-10)),
    Case(
      name: "librosa1",
      layout: MelLayout(
        sampleRateHz: 22050, stft: STFTLayout(fftSize: 512, hopSamples: 128, padding: .none),
        bands: 40, scale: .slaney, norm: .none, compression: .dB, floor: 1e-5)),
    Case(
      name: "torchaudio",
      layout: MelLayout(
        sampleRateHz: 32000, stft: STFTLayout(fftSize: 1024, hopSamples: 320), bands: 64,
        lowestHz: 50, highestHz: 14000, scale: .slaney, norm: .slaney, arithmetic: .single,
        power: 2, compression: .ln, floor: 1e-10)),
  ]

  /// Linear within 1e-5 relative, compressed within 1e-3 above −80 dB.
  @Test(arguments: cases) func equalsItsLibrary(item: Case) throws {
    let reference = try Reference("mel")
    let signal = try reference("signal")
    let linear = try reference(item.name + ".linear")
    var layout = item.layout
    layout.compression = .none
    let got = try MelSpectrogram(layout)(signal)
    #expect(reference.shape(item.name + ".linear") == [got.frameCount, got.bandCount])
    // Far below its frame's peak a band holds rounding of the FFT: at −60 dB the libraries
    // themselves are 1.1e-5 off from double precision, at −40 dB 1e-6.
    let peak = Self.bound(decibels: -80, of: linear.max() ?? 0, layout)
    let compressed = try MelSpectrogram(item.layout)(signal).values
    let wantedLog = try reference(item.name + ".log")
    var (worst, worstLog) = (0.0, 0.0)
    for i in linear.indices where linear[i] > peak {
      let frame = linear[i / layout.bands * layout.bands..<(i / layout.bands + 1) * layout.bands]
      let difference = abs(got.values[i] - linear[i])
      #expect(difference <= 1e-5 * linear[i] + 2e-7 * (frame.max() ?? 0), "\(item.name) \(i)")
      if linear[i] > Self.bound(decibels: -40, of: frame.max() ?? 0, layout) {
        worst = max(worst, abs(Double(got.values[i]) / Double(linear[i]) - 1))
      }
      worstLog = max(worstLog, Double(abs(compressed[i] - wantedLog[i])))
    }
    print("mel parity \(item.name): linear \(worst), log \(worstLog)")
    #expect(worst < 1e-5)
    #expect(worstLog < 1e-3)
    try expectClose(got.values, linear, Tolerance(relative: 1e-5, scaled: 1e-6), item.name)
  }

  private static func bound(decibels: Float, of peak: Float, _ layout: MelLayout) -> Float {
    peak * pow(10, decibels / (layout.power == 2 ? 10 : 20))
  }

  @Test func log10EqualsLibrosa() throws {
    let reference = try Reference("mel")
    var layout = Self.cases.first { $0.name == "librosa" }!.layout
    layout.compression = .log10
    let got = try MelSpectrogram(layout)(reference("signal")).values
    #expect(largestDifference(got, try reference("librosa.log10")) < 1e-3)
  }

  @Test(arguments: MelScale.allCases, MelNorm.allCases)
  func filtersEqualTheLibraries(scale: MelScale, norm: MelNorm) throws {
    let reference = try Reference("filters")
    for arithmetic in MelArithmetic.allCases {
      let layout = MelLayout(
        sampleRateHz: 22050, stft: STFTLayout(fftSize: 256, hopSamples: 64), bands: 24,
        lowestHz: 30, highestHz: 10000, scale: scale, norm: norm, arithmetic: arithmetic,
        compression: .none, floor: 0)
      let library = arithmetic == .double ? "librosa" : "torchaudio"
      let wanted = try reference("\(library).\(scale.rawValue).\(norm.rawValue)")
      let got = try MelFilters(layout).dense
      try expectClose(got, wanted, Tolerance(relative: 1e-6, scaled: 5e-6), library)
    }
    let vocos = try MelFilters(.vocos24kHz).dense
    #expect(largestDifference(vocos, try reference("vocos")) < 8e-6)
  }

  @Test(arguments: [1, 100, 511, 5000])
  func blocksGiveTheSameFrames(size: Int) throws {
    let signal = noise(7001)
    for layout in [MelLayout.music, .bigVGAN44kHz, .audioLDM16kHz] {
      let mel = try MelSpectrogram(layout)
      var stream = MelStream(mel)
      var frames = MelFrames(bandCount: layout.bands)
      for start in stride(from: 0, to: signal.count, by: size) {
        frames.append(stream.push(Array(signal[start..<min(start + size, signal.count)])))
      }
      frames.append(stream.finish())
      #expect(frames == mel(signal))
      #expect(frames.frameCount == layout.stft.frameCount(samples: signal.count))
      #expect(frames == mel(mel.stft(signal)), "from spectra")
    }
  }

  @Test func layoutsSurviveTheirJSON() throws {
    for item in Self.cases {
      let data = try JSONEncoder().encode(item.layout)
      #expect(try JSONDecoder().decode(MelLayout.self, from: data) == item.layout)
    }
    let short = #"{"sampleRateHz": 44100, "fftSize": 2048, "hopSamples": 512, "bands": 128}"#
    #expect(try JSONDecoder().decode(MelLayout.self, from: Data(short.utf8)) == .music)
  }

  @Test(arguments: [
    (#"{"sampleRateHz": 0, "fftSize": 2048, "hopSamples": 512, "bands": 128}"#, "sampleRateHz"),
    (#"{"sampleRateHz": 44100, "fftSize": 2047, "hopSamples": 512, "bands": 128}"#, "fftSize"),
    (#"{"sampleRateHz": 44100, "fftSize": 2048, "hopSamples": 0, "bands": 128}"#, "hopSamples"),
    (#"{"sampleRateHz": 44100, "fftSize": 2048, "hopSamples": 512, "bands": -1}"#, "bands"),
    (
      #"{"sampleRateHz": 44100, "fftSize": 2048, "hopSamples": 512, "bands": 9, "highestHz": 3e4}"#,
      "highestHz"
    ),
    (
      #"{"sampleRateHz": 44100, "fftSize": 2048, "hopSamples": 512, "bands": 9, "floor": 0}"#,
      "floor"
    ),
  ])
  func badLayoutsAreRefused(json: String, field: String) throws {
    do {
      _ = try JSONDecoder().decode(MelLayout.self, from: Data(json.utf8))
      Issue.record("accepted: \(json)")
    } catch let error as SignalError {
      #expect(error.description.contains(field))
    }
  }

  @Test func spreadKeepsConstantMasks() throws {
    for layout in [MelLayout.music, Self.fine, .vocos24kHz] {
      let spread = BandSpread(try MelFilters(layout))
      let bins = spread([Float](repeating: 0.7, count: layout.bands * 3))
      #expect(bins.count == 3 * layout.stft.binCount)
      #expect(bins.allSatisfy { abs($0 - 0.7) < 1e-6 })
    }
  }
}
