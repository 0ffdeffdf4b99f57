import AudioFiles
import Foundation
import Testing

@Suite struct MediaTests {
  static let ffmpegIsInstalled = FFmpegTools.installed() != nil

  private func convert(_ input: String, _ output: String, _ options: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", input] + options + [output]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test(.enabled(if: ffmpegIsInstalled), arguments: [16, 24])
  func losslessMediaKeepsEverySample(bits: Int) throws {
    let scratch = try Scratch()
    let block = storable(.integer(bits: bits), channels: 2, frames: 30011)
    try save(block, scratch.path("a.wav"), encoding: .integer(bits: bits))
    let format = bits == 16 ? "s16p" : "s32p"
    try convert(
      scratch.path("a.wav"), scratch.path("-a b.m4a"),
      ["-c:a", "alac", "-sample_fmt", format, "-metadata", "title=Hé", "-metadata", "composer=X"])
    let reader = try AudioReader(path: scratch.path("-a b.m4a"))
    #expect(reader.info.container == .media)
    #expect(reader.info.frameCount == 30011)
    #expect(reader.info.encoding == .integer(bits: bits))
    #expect(reader.info.tags[.title] == "Hé")
    #expect(reader.info.otherMetadata == ["composer"])
    #expect(try reader.readAll() == block)
    try reader.seek(toFrame: 12345)
    #expect(try reader.read(frames: 100) == block.frames(12345..<12445))
  }

  @Test(.enabled(if: ffmpegIsInstalled), arguments: ["m4a", "aac", "mp4", "mkv", "webm"])
  func lossyMediaIsDecoded(ending: String) throws {
    let scratch = try Scratch()
    let rate = 48000
    try save(
      tone(channels: 2, frames: rate, rate: rate), scratch.path("a.wav"), rate: rate,
      encoding: .integer(bits: 16))
    let codec = ending == "webm" ? "libopus" : "aac"
    try convert(scratch.path("a.wav"), scratch.path("a." + ending), ["-c:a", codec])
    let reader = try AudioReader(path: scratch.path("a." + ending))
    #expect(reader.info.sampleRate == rate && reader.info.channelCount == 2)
    #expect(reader.info.isLossy)
    #expect(abs(reader.info.frameCount - rate) <= 4096)
    let block = try reader.readAll()
    #expect(block.frameCount == reader.info.frameCount)
    #expect((block.samples.map { abs($0) }.max() ?? 0) > 0.3)
  }

  /// An MP4 file under another name is recognised by its first bytes.
  @Test(.enabled(if: ffmpegIsInstalled)) func misnamedMediaIsRecognised() throws {
    let scratch = try Scratch()
    try save(
      tone(channels: 1, frames: 9600, rate: 48000), scratch.path("a.wav"), rate: 48000,
      encoding: .integer(bits: 16))
    try convert(scratch.path("a.wav"), scratch.path("a.m4a"), ["-c:a", "alac"])
    let misnamed = try scratch.write("b.wav", try fileBytes(scratch.path("a.m4a")))
    #expect(try AudioReader(path: misnamed).info.frameCount == 9600)
  }

  @Test(.enabled(if: ffmpegIsInstalled)) func brokenMediaIsAnError() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.m4a", [UInt8](repeating: 65, count: 3000))
    do {
      _ = try AudioReader(path: path)
      Issue.record("garbage was accepted")
    } catch let error as AudioFileError {
      guard case .unreadable = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!error.description.contains("\n") && !error.description.contains("0x"))
    }
  }

  private func peak(_ block: AudioBlock) -> Double { block.samples.map { abs($0) }.max() ?? 0 }

  @Test(
    .enabled(if: ffmpegIsInstalled),
    arguments: [("m4a", 44100), ("m4a", 192_000), ("aac", 48000)])
  func aacIsWrittenWithItsTags(ending: String, rate: Int) throws {
    let scratch = try Scratch()
    let path = scratch.path("-o." + ending)
    let block = tone(channels: 2, frames: rate, rate: rate)
    let warnings = try save(
      block, path, rate: rate, encoding: .integer(bits: 16), tags: TagTests.tags
    ).map(\.description)
    #expect(scratch.names == ["-o." + ending])
    let reader = try AudioReader(path: path)
    let info = reader.info
    #expect(info.sampleRate == min(rate, 96000) && info.channelCount == 2)
    #expect(info.encoding == .lossy(codec: "AAC"))
    #expect(abs(info.durationSeconds - 1) < 0.1)
    for (tag, text) in TagTests.tags {
      let isNamed = warnings.contains { $0.hasSuffix("tag: \(tag.rawValue)") }
      #expect((info.tags[tag] == text) != isNamed, "\(tag) \(info.tags[tag] ?? "-")")
    }
    if ending == "m4a" {
      for tag in [AudioTag.title, .artist, .album, .date, .trackNumber, .genre, .comment] {
        #expect(info.tags[tag] == TagTests.tags[tag], "\(tag)")
      }
    }
    #expect(warnings.contains { $0.contains("lossy") })
    // The encoder overshoots where a tone begins and ends at once: what is compared lies inside. A
    // bare stream does not say how many frames the encoder put before the sound.
    let inner = 4096..<info.frameCount - 4096 - 4096
    let heard = try reader.readAll()
    if ending == "m4a", rate == info.sampleRate {
      let ratio = ratioDB(block.frames(inner), heard.frames(inner))
      #expect(ratio > 30, "\(ratio) dB")
    } else {
      let (peak, wanted) = (peak(heard.frames(inner)), peak(block))
      #expect(abs(peak - wanted) < 0.05, "\(peak) \(wanted)")
    }
    // The same sound gives the same bytes.
    let again = scratch.path("again." + ending)
    try save(block, again, rate: rate, encoding: .integer(bits: 16), tags: TagTests.tags)
    #expect(try fileBytes(again) == fileBytes(path))
  }

  /// A writer that ends early, or whose encoder fails, leaves no file.
  @Test(.enabled(if: ffmpegIsInstalled)) func aFailedM4ALeavesNothing() throws {
    let scratch = try Scratch()
    let info = AudioInfo(sampleRate: 44100, channelCount: 1, frameCount: 100)
    let path = scratch.path("a.m4a")
    let writer = try AudioWriter(path: path, like: info)
    try writer.write(tone(channels: 1, frames: 100, rate: 44100))
    writer.discard()
    #expect(scratch.names.isEmpty)
    let failing = try scratch.write("ffmpeg", Array("#!/bin/sh\necho no room >&2\nexit 1\n".utf8))
    let probe = try scratch.write("ffprobe", Array("#!/bin/sh\nexit 1\n".utf8))
    for tool in [failing, probe] { chmod(tool, 0o755) }
    let folder = URL(fileURLWithPath: failing).deletingLastPathComponent().path
    let broken = try AudioWriter(
      path: path, like: info, tools: FFmpegTools.installed(searchPath: folder))
    try broken.write(tone(channels: 1, frames: 100, rate: 44100))
    #expect(throws: AudioFileError.cannotWrite(path: path, reason: "no room")) {
      try broken.commit()
    }
    #expect(scratch.names.sorted() == ["ffmpeg", "ffprobe"])
  }

  @Test func withoutFFmpegNoM4AIsWritten() throws {
    let scratch = try Scratch()
    let path = scratch.path("a.m4a")
    let info = AudioInfo(sampleRate: 44100, channelCount: 2, frameCount: 100)
    #expect(throws: AudioFileError.needsFFmpeg(path: path)) {
      try AudioWriter(path: path, like: info, tools: FFmpegTools.installed(searchPath: "/nowhere"))
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func withoutFFmpegTheErrorSaysWhatToInstall() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.m4a", [UInt8](repeating: 65, count: 3000))
    #expect(throws: AudioFileError.needsFFmpeg(path: path)) {
      try AudioReader(path: path, tools: FFmpegTools.installed(searchPath: "/nowhere"))
    }
    #expect(AudioFileError.needsFFmpeg(path: "a").description.contains("apt install ffmpeg"))
  }
}
