import Foundation
import Signal
import Tensors
import Testing

/// Times for `Benchmarks/signal/run`, which sets `SIGNAL_SPEED` and runs the peers beside it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SIGNAL_SPEED"] != nil), .serialized)
struct SpeedTests {
  /// The shortest of a few runs, milliseconds.
  func best(_ body: () -> Void) -> Double {
    body()
    return (0..<7).map { _ in
      let clock = ContinuousClock()
      let time = clock.measure(body)
      return Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) / 1e15
    }.min() ?? 0
  }

  @Test func oneMinute() throws {
    let threads = Threads.count
    defer { Threads.set(threads) }
    for count in [1, 2] {
      Threads.set(count)
      for (name, layout) in [
        ("mel music", MelLayout.music), ("mel vocos", .vocos24kHz),
        ("mel audioldm", .audioLDM16kHz),
      ] {
        let mel = try MelSpectrogram(layout)
        let signal = noise(60 * layout.sampleRateHz)
        print("SPEED \(name)|\(count)|\(best { _ = mel(signal) })")
      }
      let stft = try STFT(STFTLayout(fftSize: 4096, hopSamples: 1024))
      let signal = noise(60 * 44100)
      print("SPEED stft 4096|\(count)|\(best { _ = stft(signal) })")
      let frames = stft(signal)
      print(
        "SPEED istft 4096|\(count)|"
          + "\(best { _ = stft.inverse(frames, sampleCount: signal.count) })")
    }
  }
}
