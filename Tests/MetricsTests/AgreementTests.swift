import Foundation
import Metrics
import Testing

@Suite struct AgreementTests {
  static let rate = 22050

  /// Short decaying tones at given times.
  func notes(_ times: [Double], _ pitches: [[Double]], seconds: Double) -> [Float] {
    var out = [Float](repeating: 0, count: Int(seconds * Double(Self.rate)))
    for (time, chord) in zip(times, pitches) {
      let start = Int(time * Double(Self.rate))
      for i in 0..<Self.rate where start + i < out.count {
        let t = Double(i) / Double(Self.rate)
        for pitch in chord {
          let hz = 440 * pow(2, (pitch - 69) / 12)
          for harmonic in 1...4 {
            out[start + i] += Float(
              0.1 / Double(harmonic) * exp(-4 * t) * (1 - t)
                * sin(2 * .pi * hz * Double(harmonic) * t))
          }
        }
      }
    }
    return out
  }

  @Test func chromaNamesThePitchClasses() throws {
    for pitch in 48..<72 {
      let tone = notes([0], [[Double(pitch)]], seconds: 1)
      let chroma = try #require(Harmony.chroma(tone, sampleRate: Self.rate))
      let frame = Array(chroma.values[5 * 12..<6 * 12])
      #expect(frame.firstIndex(of: frame.max() ?? 0) == pitch % 12, "\(pitch)")
    }
  }

  @Test func sameHarmonyAgreesAndOtherHarmonyDoesNot() throws {
    let times = (0..<16).map { 0.25 + 0.5 * Double($0) }
    let chords: [[Double]] = [[60, 64, 67], [57, 60, 64], [65, 69, 72], [67, 71, 74]]
    let song = notes(times, (0..<16).map { chords[$0 / 4] }, seconds: 9)
    let bass = notes(times, (0..<16).map { [chords[$0 / 4][0] - 12] }, seconds: 9)
    let wrong = notes(times, (0..<16).map { [chords[$0 / 4][0] - 11] }, seconds: 9)
    func agreement(_ stem: [Float]) throws -> Double {
      try #require(Harmony.beatChromaAgreement(stem, song, sampleRate: Self.rate))
    }
    #expect(try agreement(song) > 0.999)
    #expect(try agreement(bass) > 0.6)
    #expect(try agreement(wrong) < 0.3)
    let silence = song.map { _ in Float(0) }
    #expect(Harmony.beatChromaAgreement(silence, song, sampleRate: Self.rate) == nil)
  }

  @Test func onsetsAreFoundInTime() {
    let times = [0.5, 0.9, 1.33, 2.0, 2.25, 3.1]
    let found = Rhythm.onsets(
      notes(times, times.map { [60 + $0 * 3] }, seconds: 4), sampleRate: Self.rate)
    #expect(Rhythm.onsetF1(found, times) == 1, "\(found)")
    #expect(Rhythm.onsets([Float](repeating: 0, count: 50_000), sampleRate: Self.rate).isEmpty)
    #expect(Rhythm.onsets([], sampleRate: Self.rate).isEmpty)
  }

  @Test func f1PairsEachOnsetOnce() {
    #expect(Rhythm.onsetF1([], []) == 1)
    #expect(Rhythm.onsetF1([1], []) == 0)
    #expect(Rhythm.onsetF1([1, 2, 3], [1.05, 2.06, 3]) == 2.0 * 2 / 6)
    #expect(Rhythm.onsetF1([1, 1.01], [1.02]) == 2.0 / 3)
    #expect(Rhythm.onsetF1([1.00, 1.04], [1.06, 0.96]) == 1)
  }

  @Test(arguments: [90.0, 120.0, 140.0]) func beatsFollowAClick(tempo: Double) {
    let period = 60 / tempo
    let times = Array(stride(from: 0.3, to: 19.0, by: period))
    let beats = Rhythm.beats(
      notes(times, times.map { _ in [76] }, seconds: 20), sampleRate: Self.rate)
    let inner = beats.filter { $0 > 2 && $0 < 18 }
    #expect(inner.count >= Int(15 / period))
    for beat in inner {
      let nearest = times.map { abs($0 - beat) }.min() ?? 1
      #expect(nearest < 0.05, "\(beat)")
    }
  }

  @Test func comparisonHasEveryMeasure() throws {
    let x = [notes([0.2, 0.7, 1.5], [[60], [64], [67]], seconds: 3)]
    let input = [x[0].map { $0 * 0.5 + 0.01 }]
    let result = Comparison(output: x, reference: x, input: input, sampleRate: Self.rate)
    #expect(result.siSDR == .infinity && result.siSDRImprovement == .infinity)
    #expect(result.logSpectralDistance == 0 && result.onsetAgreement == 1)
    #expect(try #require(result.chromaAgreement) > 0.999)
    #expect(try #require(result.logMelSSIM) > 0.999)
    #expect(result.outputLoudness == result.referenceLoudness && result.outputLoudness != nil)
    #expect(result.changedShare > 0.99)
  }
}
