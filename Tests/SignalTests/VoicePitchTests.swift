import Foundation
import Signal
import Testing

@Suite struct VoicePitchTests {
  private let rate = 8000.0

  /// A buzz of falling harmonics, like a throat's.
  private func buzz(_ hz: Double, seconds: Double) -> [Float] {
    (0..<Int(seconds * rate)).map { index in
      let phase = 2 * Double.pi * hz * Double(index) / rate
      return Float((1...8).reduce(0.0) { $0 + sin(phase * Double($1)) / Double($1) })
    }
  }

  @Test(arguments: [75.0, 110, 165, 220, 310]) func findsThePitch(hz: Double) {
    let frames = VoicePitch.track(buzz(hz, seconds: 0.5), sampleRate: rate)
    #expect(frames.count > 35)
    for frame in frames { #expect(abs(frame.hz - hz) < 0.04 * hz) }
  }

  @Test func timesAreThoseOfTheSound() throws {
    let sound = buzz(110, seconds: 0.5) + buzz(220, seconds: 0.5)
    let frames = VoicePitch.track(sound, sampleRate: rate)
    let change = try #require(frames.first { $0.hz > 165 }).seconds
    #expect(abs(change - 0.5) < 0.04)
  }

  @Test func noiseAndSilenceHaveNone() {
    var state: UInt64 = 1
    let noise = (0..<8000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
    #expect(VoicePitch.track(noise, sampleRate: rate).count < 4)
    #expect(VoicePitch.track([Float](repeating: 0, count: 8000), sampleRate: rate).isEmpty)
    #expect(VoicePitch.track([1, 2, 3], sampleRate: rate).isEmpty)
  }
}
