import Foundation
import Signal
import Tensors
import Testing

/// Times for `Benchmarks/signal/run`, which sets `SIGNAL_SPEED` and runs the peers beside it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SIGNAL_SPEED"] != nil), .serialized)
struct SpeedTests {
  /// The shortest of a few runs, milliseconds: processor time for one thread (which other
  /// processes disturb less), wall time for more.
  func best(threads: Int, _ body: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
    body()
    return (0..<9).map { _ in
      let begin = now()
      body()
      return now() - begin
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
        print("SPEED \(name)|\(count)|\(best(threads: count) { _ = mel(signal) })")
      }
      let stft = try STFT(STFTLayout(fftSize: 4096, hopSamples: 1024))
      let signal = noise(60 * 44100)
      print("SPEED stft 4096|\(count)|\(best(threads: count) { _ = stft(signal) })")
      let frames = stft(signal)
      print(
        "SPEED istft 4096|\(count)|"
          + "\(best(threads: count) { _ = stft.inverse(frames, sampleCount: signal.count) })")
    }
  }
}
