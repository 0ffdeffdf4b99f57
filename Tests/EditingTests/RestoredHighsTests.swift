import AudioFiles
import Editing
import Foundation
import Instructions
import Signal
import Tensors
import Testing

/// "Restore the highs": where the treble ends, what is added over it, and that nothing else changes.
@Suite struct RestoredHighsTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// Noise up to `hz`, by cutting a spectrum; 16 bit.
  private func noise(_ name: String, rate: Int, upTo hz: Double?, seconds: Double = 4) throws
    -> String
  {
    var random = Philox(seed: 3)
    let count = Int(seconds * Double(rate))
    let samples = (0..<count).map { _ in Float.random(in: -0.2...0.2, using: &random) }
    let stft = try STFT(STFTLayout(fftSize: 2048, hopSamples: 512))
    var frames = stft(samples)
    if let hz {
      let last = Int(hz * 2048 / Double(rate))
      for at in frames.values.indices where at / 2 % frames.binCount > last {
        frames.values[at] = 0
      }
    }
    let path = folder.path(name)
    let writer = try AudioWriter(
      path: path,
      like: AudioInfo(
        sampleRate: rate, channelCount: 1, frameCount: count, encoding: .integer(bits: 16)),
      overwrite: false)
    try writer.write(AudioBlock(channels: [stft.inverse(frames, sampleCount: count)]))
    try writer.commit()
    return path
  }

  private func restore(_ song: String, to name: String) throws -> EditReport {
    let step = PlanStep(operation: .superResolve, target: "highs", confidence: 1, text: "")
    return try SongEditor(models: FakeModels()).edit(
      song, plan: EditPlan(steps: [step]), instruction: "restore the highs",
      to: folder.path(name))
  }

  private func spectrum(_ path: String) throws -> (magnitudes: [Float], bins: Int, hzPerBin: Double)
  {
    let reader = try AudioReader(path: path)
    let sound = try reader.read(frames: reader.info.frameCount).mono()
    let frames = try STFT(STFTLayout(fftSize: 2048, hopSamples: 512))(sound)
    return (
      frames.magnitudes(), frames.binCount, Double(reader.info.sampleRate) / 2048
    )
  }

  private func level(_ path: String, _ hz: Range<Double>) throws -> Double {
    let (magnitudes, bins, hzPerBin) = try spectrum(path)
    var sum = 0.0
    var count = 0
    for (index, value) in magnitudes.enumerated() where hz.contains(Double(index % bins) * hzPerBin)
    {
      sum += Double(value * value)
      count += 1
    }
    return 10 * log10(sum / Double(count) + 1e-12)
  }

  @Test(arguments: [4000.0, 8000, 11000, 16000])
  func findsTheWall(_ hz: Double) throws {
    let song = try noise("song.wav", rate: 44100, upTo: hz)
    let found = try #require(restore(song, to: "out.wav").steps[0].cutoffHz)
    #expect(abs(found - hz) < 150)
  }

  @Test func leavesFullBandAlone() throws {
    let song = try noise("song.wav", rate: 44100, upTo: nil)
    let report = try restore(song, to: "out.wav")
    #expect(!report.changed)
    #expect(try folder.bytes("out.wav") == folder.bytes("song.wav"))
  }

  @Test func addsOverTheWallOnly() throws {
    let song = try noise("song.wav", rate: 44100, upTo: 8000)
    let report = try restore(song, to: "out.wav")
    let cutoff = try #require(report.steps[0].cutoffHz)
    #expect(abs(cutoff - 8000) < 150)
    let output = folder.path("out.wav")
    // The fake network says that the treble is as loud as what is known.
    let below = try level(output, 5000..<7500)
    #expect(abs(try level(output, 9000..<19000) - below) < 2)
    #expect(try level(song, 9000..<19000) < below - 40)
    #expect(abs(try level(song, 100..<7500) - level(output, 100..<7500)) < 0.01)
  }

  @Test func raisesALowRate() throws {
    let song = try noise("song.wav", rate: 8000, upTo: 3500)
    _ = try restore(song, to: "out.wav")
    let info = try AudioReader(path: folder.path("out.wav")).info
    #expect(info.sampleRate == 48000 && info.frameCount == 6 * 32000)
    let output = folder.path("out.wav")
    #expect(abs(try level(output, 4500..<15000) - level(output, 2000..<3300)) < 3)
  }

  @Test func otherMethodsAreRefused() throws {
    var options = EditOptions()
    options.method = .mask
    let step = PlanStep(operation: .superResolve, target: "highs", confidence: 1, text: "")
    let info = AudioInfo(sampleRate: 44100, channelCount: 1, frameCount: 44100)
    #expect(throws: EditError.self) {
      try SongEditor(models: FakeModels()).check(
        EditPlan(steps: [step]), on: info, options: options)
    }
  }

  @Test func isPlanned() throws {
    let planner = Planner { _ in
      Reading(operation: .superResolve, target: nil, confidence: 0.9, isUnderstood: true)
    }
    let plan = try planner.plan("restore the highs")
    #expect(plan.steps.map(\.operation) == [.superResolve])
    #expect(plan.steps.map(\.target) == ["highs"])
  }
}
