import Foundation
import Metrics
import TestSupport
import Testing

/// SplitMix64, uniform in −1 ..< 1.
func noise(_ count: Int, seed: UInt64) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double(Int64(bitPattern: z ^ (z >> 31)) >> 11) / 4_503_599_627_370_496
  }
}

func sine(_ hz: Double, rate: Int, seconds: Double, gain: Double = 1, phase: Double = 0) -> [Float]
{
  (0..<Int(seconds * Double(rate))).map {
    Float(gain * sin(2 * .pi * hz * Double($0) / Double(rate) + phase))
  }
}

/// The signal of Tests/Fixtures/make_metrics.py.
func stereo(rate: Int, seconds: Double) -> [[Float]] {
  let count = Int(Double(rate) * seconds)
  let hiss = noise(count, seed: 3)
  var (left, right): ([Float], [Float]) = ([], [])
  for i in 0..<count {
    let t = Double(i) / Double(rate)
    let quiet = i >= count * 2 / 3 ? 0.02 : 1
    let swell = 0.6 + 0.4 * sin(2 * .pi * 1.5 * t)
    left.append(Float(quiet * 0.4 * sin(2 * .pi * 220 * t) * swell))
    right.append(Float(quiet * (0.3 * sin(2 * .pi * 1760 * t) + 0.05 * hiss[i])))
  }
  return [left, right]
}

func expected(_ key: String) throws -> Double {
  let data = try Data(contentsOf: Fixtures.url("metrics/expected.json"))
  let values = try JSONDecoder().decode([String: Double].self, from: data)
  return try #require(values[key])
}

@Suite struct DistanceTests {
  let reference = stereo(rate: 44100, seconds: 3)

  var output: [[Float]] {
    zip(reference, [noise(reference[0].count, seed: 8), noise(reference[0].count, seed: 9)]).map {
      zip($0, $1).map { Float(Double($0) * 0.7 + 0.05 * $1) }
    }
  }

  @Test func equalThePythonReferences() throws {
    let siSDR = try #require(Distances.siSDR(output, reference: reference))
    #expect(abs(siSDR - (try expected("siSDR"))) < 1e-3)
    let lsd = try #require(Distances.logSpectralDistance(output, reference: reference))
    #expect(abs(lsd - (try expected("logSpectralDistance"))) < 1e-3)
    let ssim = try #require(
      MelSimilarity.logMelSSIM(output, reference: reference, sampleRate: 44100))
    #expect(abs(ssim - (try expected("logMelSSIM"))) < 1e-4)
  }

  @Test func perfectAndHopelessResults() throws {
    #expect(Distances.siSDR(reference, reference: reference) == .infinity)
    #expect(Distances.logSpectralDistance(reference, reference: reference) == 0)
    let ssim = try #require(
      MelSimilarity.logMelSSIM(reference, reference: reference, sampleRate: 44100))
    #expect(abs(ssim - 1) < 1e-12)
    let silence = reference.map { $0.map { _ in Float(0) } }
    #expect(Distances.siSDR(silence, reference: reference) == nil)
    #expect(Distances.siSDR(reference, reference: silence) == nil)
    #expect(MelSimilarity.logMelSSIM(reference, reference: silence, sampleRate: 44100) == nil)
    #expect(MelSimilarity.logMelSSIM([[0, 1]], reference: [[1, 0]], sampleRate: 44100) == nil)
  }

  /// A sine and its quadrature at equal power: the error is as large as the target.
  @Test func siSDRIgnoresScaleAndCountsOrthogonalErrors() throws {
    let target = sine(1000, rate: 48000, seconds: 1)
    let error = sine(1000, rate: 48000, seconds: 1, phase: .pi / 2)
    let mixed = zip(target, error).map { 3 * ($0 + 0.1 * $1) }
    let value = try #require(Distances.siSDR([mixed], reference: [target]))
    #expect(abs(value - 20) < 1e-3)
    let input = zip(target, error).map { $0 + $1 }
    let gain = try #require(
      Distances.siSDRImprovement([mixed], input: [input], reference: [target]))
    #expect(abs(gain - 20) < 1e-3)
  }

  /// Half the amplitude is 6.02 dB less in every bin.
  @Test func halfTheAmplitudeIsSixDecibelsAway() throws {
    let a = noise(44100, seed: 1).map { Float($0) }
    let value = try #require(
      Distances.logSpectralDistance([a], reference: [a.map { $0 / 2 }]))
    #expect(abs(value - 6.0206) < 1e-3)
  }

  @Test func changedShareCountsInstants() {
    let a: [[Float]] = [[1, 2, 3, 4], [5, 6, 7, 8]]
    #expect(Distances.changedShare(a, a) == 0)
    #expect(Distances.changedShare([[1, 2, 0, 4], [5, 0, 0, 8]], a) == 0.5)
    #expect(Distances.changedShare([1, 5, 2, 6], [1, 5, 2, 0], channelCount: 2) == 0.5)
    #expect(Distances.changedShare([], [], channelCount: 2) == 0)
  }
}

@Suite struct LoudnessTests {
  /// pyloudnorm with the standard's filters, whose gain it lets drift at rates other than 48 kHz;
  /// its default filters are an approximation.
  @Test(arguments: [16000, 44100, 48000, 96000]) func equalsPyloudnorm(rate: Int) throws {
    let value = try #require(
      LoudnessMeter.integratedLUFS(stereo(rate: rate, seconds: 5), sampleRate: rate))
    #expect(abs(value - (try expected("loudness.\(rate).DeMan"))) < (rate == 48000 ? 0.001 : 0.1))
    #expect(abs(value - (try expected("loudness.\(rate).K-weighting"))) < 0.15)
  }

  /// BS.1770: a full-scale 997 Hz sine in one front channel reads −3.01 LUFS.
  @Test(arguments: [44100, 48000, 192_000]) func calibrationTone(rate: Int) throws {
    let tone = sine(997, rate: rate, seconds: 3)
    let silence = tone.map { _ in Float(0) }
    let one = try #require(LoudnessMeter.integratedLUFS([tone, silence], sampleRate: rate))
    #expect(abs(one + 3.01) < 0.01)
    let both = try #require(LoudnessMeter.integratedLUFS([tone, tone], sampleRate: rate))
    #expect(abs(both) < 0.01)
    let surround = [silence, silence, silence, tone, tone, silence]
    let six = try #require(LoudnessMeter.integratedLUFS(surround, sampleRate: rate))
    #expect(abs(six - (-3.01 + 1.49)) < 0.02)
  }

  /// EBU Tech 3341, case 3: −36, −23, −36 dBFS for 10, 60, 10 s reads −23 LUFS: the gate works.
  @Test func quietPartsAreGated() throws {
    let rate = 48000
    func part(_ decibels: Double, _ seconds: Double) -> [Float] {
      sine(1000, rate: rate, seconds: seconds, gain: pow(10, decibels / 20))
    }
    let tone = part(-36, 10) + part(-23, 60) + part(-36, 10)
    let value = try #require(LoudnessMeter.integratedLUFS([tone, tone], sampleRate: rate))
    #expect(abs(value + 23) < 0.1)
  }

  @Test func blocksGiveTheSameValue() throws {
    let signal = stereo(rate: 44100, seconds: 2)
    var meter = LoudnessMeter(sampleRate: 44100, channelCount: 2)
    var at = 0
    var size = 1
    while at < signal[0].count {
      let end = min(signal[0].count, at + size)
      meter.push((at..<end).flatMap { [Double(signal[0][$0]), Double(signal[1][$0])] })
      at = end
      size = size * 5 % 7919
    }
    #expect(meter.integratedLUFS == LoudnessMeter.integratedLUFS(signal, sampleRate: 44100))
  }

  @Test(arguments: 1...3) func twoAtATimeGiveTheSameValues(channels: Int) throws {
    let rate = 44100
    func tone(_ step: Double) -> [Double] {
      (0..<2 * rate * channels).map { 0.3 * sin(Double($0) * step) }
    }
    let sounds = [tone(0.01), tone(0.02)]
    let empty = LoudnessMeter(sampleRate: rate, channelCount: channels)
    var (first, second) = (empty, empty)
    for start in stride(from: 0, to: sounds[0].count, by: 7001 * channels) {
      let end = min(sounds[0].count, start + 7001 * channels)
      LoudnessMeter.push(
        Array(sounds[0][start..<end]), to: &first, and: Array(sounds[1][start..<end]), to: &second)
    }
    for (sound, meter) in zip(sounds, [first, second]) {
      var alone = empty
      alone.push(sound)
      #expect(try #require(meter.integratedLUFS) == alone.integratedLUFS)
    }
  }

  @Test func silenceAndScrapsHaveNone() {
    #expect(LoudnessMeter.integratedLUFS([], sampleRate: 48000) == nil)
    #expect(
      LoudnessMeter.integratedLUFS([[Float](repeating: 0, count: 96000)], sampleRate: 48000) == nil)
    #expect(LoudnessMeter.integratedLUFS([[1, 1, 1]], sampleRate: 48000) == nil)
  }

  /// A sine at a quarter of the rate, 45° off: samples at ±0.707, the curve between reaches 1.
  @Test func truePeakSeesBetweenTheSamples() throws {
    let tone = sine(12000, rate: 48000, seconds: 0.5, phase: .pi / 4)
    let sample = try #require(Peaks.samplePeak([tone]))
    #expect(abs(sample + 3.0103) < 1e-3)
    let inner = Array(tone[0..<24000])
    let peak = try #require(Peaks.truePeak([[0], inner]))
    // The tone's abrupt ends ring a little over.
    #expect(peak > -0.05 && peak < 1.5)
    let faded = inner.enumerated().map { i, x in
      x * Float(min(1, min(Double(i), Double(24000 - i)) / 4000))
    }
    #expect(abs(try #require(Peaks.truePeak([faded]))) < 0.05)
    #expect(Peaks.truePeak([[0, 0]]) == nil && Peaks.samplePeak([]) == nil)
  }
}
