import AudioFiles
import Foundation
import Testing

@Suite struct RoundTripTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var ending: String
    var encoding: SampleEncoding
    var testDescription: String { "\(ending) \(encoding)" }
  }

  static let lossless: [Case] =
    ["wav", "aiff", "caf", "w64", "rf64", "au"].flatMap { ending in
      [8, 16, 24, 32].map { Case(ending: ending, encoding: .integer(bits: $0)) }
        + [32, 64].map { Case(ending: ending, encoding: .float(bits: $0)) }
    } + [8, 16, 24].map { Case(ending: "flac", encoding: .integer(bits: $0)) }

  /// Read, mix a silent stem in, write: every sample and every byte of the file is the same.
  @Test(arguments: lossless, [1, 2, 3, 6, 8])
  func losslessFilesKeepEveryBit(item: Case, channels: Int) throws {
    let scratch = try Scratch()
    let block = storable(item.encoding, channels: channels, frames: 5000)
    let path = scratch.path("a." + item.ending)
    let warnings = try save(block, path, rate: 48000, encoding: item.encoding)
    #expect(warnings.isEmpty)

    let reader = try AudioReader(path: path)
    #expect(reader.info.sampleRate == 48000)
    #expect(reader.info.channelCount == channels)
    #expect(reader.info.frameCount == 5000)
    #expect(reader.info.encoding == item.encoding)
    #expect(!reader.info.isLossy)
    #expect(reader.info.notices.isEmpty)
    var mixture = try reader.readAll()
    #expect(mixture.samples.map(\.bitPattern) == block.samples.map(\.bitPattern))

    mixture.mix(AudioBlock(channelCount: channels, silentFrames: 5000))
    let second = scratch.path("b." + item.ending)
    let writer = try AudioWriter(path: second, like: reader.info)
    try writer.write(mixture)
    try writer.commit()
    #expect(writer.clippedSampleCount == 0)
    #expect(try fileBytes(path) == fileBytes(second))
    #expect(scratch.names.count == 2)
  }

  /// A file of floats holds no time of day.
  @Test(arguments: ["wav", "aiff", "caf", "w64", "rf64", "au"])
  func bytesDoNotDependOnTheClock(ending: String) async throws {
    let scratch = try Scratch()
    let block = tone(channels: 1, frames: 500, rate: 48000)
    let paths = ["a.", "b."].map { scratch.path($0 + ending) }
    try save(block, paths[0], rate: 48000, encoding: .float(bits: 32))
    try await Task.sleep(for: .seconds(1.1))
    try save(block, paths[1], rate: 48000, encoding: .float(bits: 32))
    #expect(try fileBytes(paths[0]) == fileBytes(paths[1]))
  }

  @Test(arguments: ["ogg", "opus", "mp3"], [1, 2])
  func lossyFilesKeepLengthAndAlignment(ending: String, channels: Int) throws {
    let scratch = try Scratch()
    let rate = ending == "opus" ? 48000 : 44100
    let block = tone(channels: channels, frames: rate * 2 + 123, rate: rate)
    let path = scratch.path("a." + ending)
    try save(block, path, rate: rate, encoding: .integer(bits: 16))
    let reader = try AudioReader(path: path)
    #expect(reader.info.isLossy)
    #expect(reader.info.frameCount == block.frameCount)
    let back = try reader.readAll()
    #expect(back.frameCount == block.frameCount)
    let inner = 4000..<rate * 2 - 4000
    #expect(ratioDB(block.frames(inner), back.frames(inner)) > 20)

    let again = scratch.path("b." + ending)
    try save(block, again, rate: rate, encoding: .integer(bits: 16))
    #expect(try fileBytes(path) == fileBytes(again), "the same sound gives the same bytes")
  }

  @Test(arguments: [8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192_000])
  func ratesAreKept(rate: Int) throws {
    let scratch = try Scratch()
    for ending in ["wav", "aiff", "flac", "ogg"] {
      let path = scratch.path("a." + ending)
      try save(
        tone(channels: 2, frames: rate / 4, rate: rate), path, rate: rate,
        encoding: .integer(bits: 16))
      let info = try AudioReader(path: path).info
      #expect(info.sampleRate == rate, "\(ending)")
      #expect(info.frameCount == rate / 4, "\(ending)")
    }
  }

  @Test func ratesThatAFormatLacksAreResampledAndNamed() throws {
    let scratch = try Scratch()
    let path = scratch.path("a.opus")
    let warnings = try save(
      tone(channels: 2, frames: 44100, rate: 44100), path, encoding: .integer(bits: 16))
    #expect(warnings.contains { $0.description.contains("resampled to 48000 Hz") })
    let reader = try AudioReader(path: path)
    #expect(reader.info.sampleRate == 48000)
    #expect(reader.info.frameCount == 48000)
  }

  @Test func depthsThatAFormatLacksAreNamed() throws {
    let scratch = try Scratch()
    let block = storable(.float(bits: 32), channels: 1, frames: 100).frames(3..<100)
    let warnings = try save(block, scratch.path("a.flac"), encoding: .float(bits: 32))
    #expect(
      warnings.map(\.description) == ["FLAC holds no 32-bit float samples; written as 24-bit"])
    #expect(try AudioReader(path: scratch.path("a.flac")).info.encoding == .integer(bits: 24))
  }

  @Test func lossyInputIsKeptExactlyInAFloatFile() throws {
    let scratch = try Scratch()
    try save(
      tone(channels: 2, frames: 30000, rate: 44100), scratch.path("a.mp3"),
      encoding: .integer(bits: 16))
    let reader = try AudioReader(path: scratch.path("a.mp3"))
    let decoded = try reader.readAll()
    let writer = try AudioWriter(path: scratch.path("b.wav"), like: reader.info)
    try writer.write(decoded)
    #expect(try writer.commit().isEmpty)
    #expect(try AudioReader(path: scratch.path("b.wav")).readAll() == decoded)
  }

  @Test(arguments: ["wav", "flac", "ogg", "opus", "mp3", "aiff"])
  func seekingIsSampleExact(ending: String) throws {
    let scratch = try Scratch()
    let path = scratch.path("a." + ending)
    var numbers = Numbers(state: 5)
    let noise = AudioBlock(
      channelCount: 2, samples: (0..<200_000).map { _ in numbers.unit() * 0.2 })
    try save(noise, path, rate: 48000, encoding: .integer(bits: 16))
    let reader = try AudioReader(path: path)
    let whole = try reader.readAll()
    for start in [70000, 3, 99990, 0, 48000] {
      try reader.seek(toFrame: start)
      let part = try reader.read(frames: 1000)
      let expected = whole.frames(start..<min(start + 1000, whole.frameCount))
      #expect(part == expected, "\(ending) at \(start)")
    }
  }

  @Test func blocksOfAnySizeGiveTheSameFile() throws {
    let scratch = try Scratch()
    let block = storable(.integer(bits: 24), channels: 2, frames: 10007)
    try save(block, scratch.path("a.flac"), encoding: .integer(bits: 24))
    let reader = try AudioReader(path: scratch.path("a.flac"))
    let writer = try AudioWriter(path: scratch.path("b.flac"), like: reader.info)
    var size = 1
    while reader.position < reader.info.frameCount {
      try writer.write(try reader.read(frames: size))
      size = size * 2 % 1009
    }
    try writer.commit()
    #expect(try fileBytes(scratch.path("a.flac")) == fileBytes(scratch.path("b.flac")))
  }

  @Test func overfullSamplesAreHeldAndCounted() throws {
    let scratch = try Scratch()
    let block = AudioBlock(channelCount: 1, samples: [0.5, 1.0, 1.5, -1.0, -1.00002, -2, 0.1])
    let writer = try AudioWriter(
      path: scratch.path("a.wav"),
      like: AudioInfo(
        sampleRate: 8000, channelCount: 1, frameCount: 7, encoding: .integer(bits: 16)))
    try writer.write(block)
    try writer.commit()
    #expect(writer.clippedSampleCount == 4)
    let back = try AudioReader(path: scratch.path("a.wav")).readAll().samples
    #expect(back == Quantiser.quantised(block, as: .integer(bits: 16)).block.samples)
    #expect(back[1] == 32767.0 / 32768 && back[5] == -1 && back[6] == 3277.0 / 32768)
  }
}
