import AudioFiles
import Foundation
import Testing

/// Chunk borders cannot be heard in what the default models make.
@Suite(.enabled(if: Command.hasMusic && Command.hasText)) struct SeamTests {
  private static let blockSeconds: Double = 0.05

  /// Seconds between chunk borders: 96 new latents of 4 frames, 128 new frames of masks.
  private static let borders: [(String, Double)] = [
    ("add a piano", 4.458), ("remove the drums", 2.972),
  ]

  /// Steps in dB between neighbouring blocks of 50 ms, quiet ones limited at -70 dB.
  private func steps(_ path: String) throws -> [Double] {
    let reader = try AudioReader(path: path)
    let size = Int(Self.blockSeconds * Double(reader.info.sampleRate))
    let mono = try reader.readAll().mono().map(Double.init)
    let levels = (0..<mono.count / size).map { (block: Int) -> Double in
      let energy: Double = mono[block * size..<(block + 1) * size].reduce(0) { $0 + $1 * $1 }
      return 10 * log10(energy / Double(size) + 1e-7)
    }
    return zip(levels, levels.dropFirst()).map { abs($0 - $1) }
  }

  /// On music, steps at seams lie within the 95th percentile of steps elsewhere.
  @Test(arguments: borders)
  func musicHidesSeams(instruction: String, periodSeconds: Double) throws {
    let place = try Workplace()
    try place.song(seconds: 30)
    let run = try place.run(
      "song.wav", instruction, "--save-stem", "stem.wav", "--steps", "4", "--quiet")
    try #require(run.status == 0, "\(run.errors)")
    let steps = try steps(place.url.appendingPathComponent("stem.wav").path)
    let seams = stride(from: periodSeconds, to: 29, by: periodSeconds).map {
      Int(($0 / Self.blockSeconds).rounded())
    }
    func largest(_ block: Int) -> Double { steps[max(0, block - 2)..<block + 2].max() ?? 0 }
    let elsewhere = stride(from: 2, to: steps.count - 2, by: 4).filter { block in
      !seams.contains { abs($0 - block) < 4 }
    }.map(largest).sorted()
    let limit = elsewhere[elsewhere.count * 95 / 100]
    let mean = seams.map(largest).reduce(0, +) / Double(seams.count)
    #expect(mean <= limit, "\(mean) dB at seams, 95% of the others are under \(limit)")
  }

  /// A sustained tone stays a sustained tone: no step over 0.5 dB.
  @Test func toneStaysEven() throws {
    let place = try Workplace()
    let rate = 44100
    let samples = (0..<20 * rate).map { (frame: Int) -> Double in
      let phase: Double = 2 * Double.pi * 220 * Double(frame) / Double(rate)
      let tone: Double = 0.3 * sin(phase) + 0.1 * sin(2 * phase)
      return tone
    }
    let info = AudioInfo(sampleRate: rate, channelCount: 1, frameCount: samples.count)
    let writer = try AudioWriter(
      path: place.url.appendingPathComponent("song.wav").path, like: info)
    try writer.write(AudioBlock(channelCount: 1, samples: samples))
    try writer.commit()
    let run = try place.run("song.wav", "remove the drums", "--quiet")
    try #require(run.status == 0 || run.status == 3, "\(run.errors)")
    let steps = try steps(place.url.appendingPathComponent("song.edited.wav").path)
    #expect((steps.dropFirst(2).dropLast(2).max() ?? 0) < 0.5)
  }
}
