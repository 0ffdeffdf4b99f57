import AudioFiles
import Editing
import Foundation
import Instructions
import Testing

/// Chunks leave no trace.
@Suite struct StreamingTests {
  @Test(arguments: [8000, 22050, 44100, 48000, 96000])
  func evenMaskGivesAnEvenShare(rate: Int) throws {
    let folder = try TestFolder()
    _ = try folder.song(seconds: 14, rate: rate, encoding: .float(bits: 32))
    let models = FakeModels()
    // Where stems claim more than there is, each has its share.
    for (stems, weight, share) in [
      (["drums 0.5"], 1, 0.5), (["drums 0.5", "bass 0.4"], 1, 0.5),
      (["bass 0.9", "drums 0.5", "piano 0.6"], 1, 0.25),
      (["bass 0.9", "drums 0.5", "piano 0.6"], 0.5, 0.375),
    ] as [([String], Float, Double)] {
      models.stems = stems
      models.fakeMasker.shareWeight = weight
      var options = EditOptions()
      options.overwrite = true
      _ = try SongEditor(models: models).edit(
        folder.path("song.wav"), plan: plan(step(.extract, "drums 0.5")), instruction: "test",
        to: folder.path("out.wav"), options: options)
      let (song, out) = (try folder.read("song.wav"), try folder.read("out.wav"))
      #expect(song.frameCount == out.frameCount)
      let error = zip(song.samples, out.samples).map { abs(share * $0 - $1) }.max() ?? 1
      #expect(error < 1e-5)
    }
  }

  @Test(arguments: [0.01, 0.5, 4.45, 5.97, 12.3, 31])
  func anyLengthKeepsItsLength(seconds: Double) throws {
    let folder = try TestFolder()
    for rate in [44100, 32000] {
      let song = try folder.song(seconds: seconds, rate: rate)
      let frames = try AudioReader(path: song).info.frameCount
      for operation in operations {
        var options = EditOptions()
        options.overwrite = true
        _ = try SongEditor(models: FakeModels()).edit(
          song, plan: plan(step(operation, "drums 0.5")), instruction: "test",
          to: folder.path("out.wav"), options: options)
        #expect(try AudioReader(path: folder.path("out.wav")).info.frameCount == frames)
      }
    }
  }

  @Test func generatedChunksEqualTheWhole() throws {
    let folder = try TestFolder()
    _ = try folder.song(seconds: 23, channels: 1, encoding: .float(bits: 32))
    let song = try folder.read("song.wav")
    var stems: [[Double]] = []
    for chunk in [128, 1024] {
      let models = FakeModels()
      models.fakeGenerator.chunkLatents = chunk
      var options = EditOptions()
      options.overwrite = true
      options.method = .diffusion
      _ = try SongEditor(models: models).edit(
        folder.path("song.wav"), plan: plan(step(.extract, "drums")), instruction: "test",
        to: folder.path("out.wav"), options: options)
      stems.append(try folder.read("out.wav").samples)
    }
    #expect(stems[0].count == song.samples.count)
    #expect(stems[0] == stems[1])
    #expect(stems[0].suffix(2000).contains { abs($0) > 1e-4 })
  }

  /// On a sustained tone, levels of 50 ms differ by less than 0.5 dB from one to the next, even
  /// when the masker changes its mind from chunk to chunk.
  @Test func toneHasNoSteps() throws {
    let folder = try TestFolder()
    let tone = (0..<20 * 44100).map { 0.4 * sin(2 * .pi * 440 * Double($0) / 44100) }
    let song = try folder.write("tone.wav", AudioBlock(channelCount: 1, samples: tone))
    _ = try SongEditor(models: FakeModels()).edit(
      song, plan: plan(step(.extract, "drums 0.8")), instruction: "test",
      to: folder.path("out.wav"))
    let out = try folder.read("out.wav").samples
    let size = 2205
    let levels = (1..<out.count / size - 1).map { block in
      10 * log10(out[block * size..<(block + 1) * size].reduce(0) { $0 + $1 * $1 } / Double(size))
    }
    let largest = zip(levels, levels.dropFirst()).map { abs($0 - $1) }.max() ?? 99
    #expect(largest < 0.1)
  }
}
