import AudioFiles
import Foundation
import Testing

@Suite struct HostileFileTests {
  /// Opens and reads to the end.
  private func readThrough(_ path: String) throws -> (info: AudioInfo, frames: Int) {
    let reader = try AudioReader(path: path)
    var frames = 0
    while reader.position < reader.info.frameCount {
      frames += try reader.read(frames: 4096).frameCount
    }
    return (reader.info, frames)
  }

  private func failure(_ path: String) -> AudioFileError? {
    do {
      _ = try readThrough(path)
      return nil
    } catch { return error as? AudioFileError }
  }

  /// A WAV header for 16-bit PCM with free numbers, followed by `data`.
  private func wave(
    rate: UInt32, channels: UInt16, dataSize: UInt32, data: [UInt8], formatSize: UInt32 = 16
  ) -> [UInt8] {
    func little(_ x: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: x >> UInt32(8 * $0)) }
    }
    return Array("RIFF".utf8) + little(dataSize &+ 36, 4) + Array("WAVEfmt ".utf8)
      + little(formatSize, 4) + little(1, 2) + little(UInt32(channels), 2) + little(rate, 4)
      + little(rate &* UInt32(channels) &* 2, 4) + little(UInt32(channels) * 2, 2)
      + little(16, 2) + Array("data".utf8) + little(dataSize, 4) + data
  }

  @Test func missingEmptyAndOddFiles() throws {
    let scratch = try Scratch()
    #expect(failure(scratch.path("no.wav")) == .notFound(path: scratch.path("no.wav")))
    #expect(failure(scratch.folder) == .notAFile(path: scratch.folder))
    #expect(failure("/dev/null") == .notAFile(path: "/dev/null"))
    let zero = try scratch.write("zero.wav", [])
    #expect(failure(zero) == .empty(path: zero))
    let silent = try scratch.write("s.wav", wave(rate: 44100, channels: 2, dataSize: 0, data: []))
    #expect(failure(silent) == .empty(path: silent))
  }

  @Test(arguments: ["wav", "flac", "mp3", "ogg", "opus", "aiff", "raw", "txt", "vox", "gsm", "au"])
  func wrongMagic(ending: String) throws {
    let scratch = try Scratch()
    var numbers = Numbers(state: 99)
    let text = try scratch.write("t." + ending, Array("hello, this is not sound\n".utf8))
    let noise = try scratch.write(
      "n." + ending, [7] + (0..<5000).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
    for path in [text, noise] {
      guard case .unreadable? = failure(path) else {
        Issue.record("\(ending): \(String(describing: failure(path)))")
        continue
      }
    }
  }

  @Test func absurdHeaders() throws {
    let scratch = try Scratch()
    let data = [UInt8](repeating: 1, count: 4000)
    func file(_ name: String, _ bytes: [UInt8]) throws -> AudioFileError? {
      failure(try scratch.write(name, bytes))
    }
    let zeroRate = try file("0.wav", wave(rate: 0, channels: 1, dataSize: 4000, data: data))
    #expect(zeroRate?.description.contains("0 Hz") == true, "\(String(describing: zeroRate))")
    #expect(try file("r.wav", wave(rate: 1 << 30, channels: 1, dataSize: 4000, data: data)) != nil)
    #expect(try file("3.wav", wave(rate: 4000, channels: 1, dataSize: 4000, data: data)) != nil)
    #expect(try file("c.wav", wave(rate: 44100, channels: 0, dataSize: 4000, data: data)) != nil)
    #expect(try file("d.wav", wave(rate: 44100, channels: 9, dataSize: 3996, data: data)) != nil)
    #expect(
      try file("e.wav", wave(rate: 44100, channels: 65535, dataSize: 4000, data: data)) != nil)
    #expect(
      try file(
        "f.wav",
        wave(rate: 44100, channels: 1, dataSize: 4000, data: data, formatSize: 0x7FFF_FFFF)) != nil)
  }

  @Test func cutOffWaveFileIsReadToItsEndWithANotice() throws {
    let scratch = try Scratch()
    let data = [UInt8](repeating: 3, count: 4000)
    for (name, size) in [("a", UInt32(40000)), ("b", 0xFFFF_FFFF), ("c", 0x7FFF_FFF0)] {
      let path = try scratch.write(
        name + ".wav", wave(rate: 44100, channels: 2, dataSize: size, data: data))
      let (info, frames) = try readThrough(path)
      #expect(frames == 1000)
      #expect(info.notices.count == 1, "\(name)")
    }
  }

  @Test(arguments: ["wav", "aiff", "flac", "ogg", "opus", "mp3", "caf", "w64", "rf64"])
  func truncatedFilesGiveAnErrorOrTheirBeginning(ending: String) throws {
    let scratch = try Scratch()
    let path = scratch.path("a." + ending)
    let block = tone(channels: 2, frames: 96000, rate: 48000)
    try save(block, path, rate: 48000, encoding: .integer(bits: 16))
    let bytes = try fileBytes(path)
    for share in [0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999] {
      let cut = try scratch.write(
        "cut." + ending, Array(bytes[0..<Int(Double(bytes.count) * share)]))
      do {
        let (info, frames) = try readThrough(cut)
        #expect(frames == info.frameCount)
        // A cut MP3 counts whole frames, the padding that its tag would take away included.
        #expect(frames <= block.frameCount + (ending == "mp3" ? 2 * 1152 : 0))
      } catch is AudioFileError {
      }
    }
  }

  @Test func brokenOffFLACIsAnError() throws {
    let scratch = try Scratch()
    try save(
      storable(.integer(bits: 16), channels: 2, frames: 50000), scratch.path("a.flac"),
      encoding: .integer(bits: 16))
    let bytes = try fileBytes(scratch.path("a.flac"))
    let cut = try scratch.write("cut.flac", Array(bytes[0..<bytes.count / 2]))
    guard case .truncated(_, 50000, let got)? = failure(cut) else {
      Issue.record("\(String(describing: failure(cut)))")
      return
    }
    #expect(got < 50000)
  }

  @Test func nonFiniteSamplesReadAsZeroAndAreCounted() throws {
    let scratch = try Scratch()
    let path = scratch.path("a.wav")
    try save(
      AudioBlock(channelCount: 2, samples: [Double](repeating: 0.25, count: 2000)), path,
      encoding: .float(bits: 32))
    var bytes = try fileBytes(path)
    for (sample, pattern) in [(0, Float.nan), (1, Float.infinity), (999, -Float.infinity)] {
      let at = bytes.count - 8000 + sample * 4
      for i in 0..<4 {
        bytes[at + i] = UInt8(truncatingIfNeeded: pattern.bitPattern >> UInt32(8 * i))
      }
    }
    let reader = try AudioReader(path: scratch.write("b.wav", bytes))
    let samples = try reader.readAll().samples
    #expect(reader.nonFiniteSampleCount == 3)
    #expect(samples[0] == 0 && samples[1] == 0 && samples[999] == 0)
    #expect(samples.filter { $0 == 0.25 }.count == 1997)
  }

  @Test func nonFiniteOutputIsRefusedAndLeavesNothing() throws {
    let scratch = try Scratch()
    let info = AudioInfo(sampleRate: 8000, channelCount: 1, frameCount: 4)
    let writer = try AudioWriter(path: scratch.path("a.wav"), like: info)
    try writer.write(AudioBlock(channelCount: 1, silentFrames: 8000))
    #expect(throws: AudioFileError.notFinite(path: scratch.path("a.wav"), seconds: 1.000125)) {
      try writer.write(AudioBlock(channelCount: 1, samples: [0, .nan]))
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func unfinishedOutputsDisappear() throws {
    let scratch = try Scratch()
    let info = AudioInfo(sampleRate: 8000, channelCount: 1, frameCount: 4)
    _ = try scratch.write("kept.wav", [1, 2, 3])
    for discard in [true, false] {
      let writer = try AudioWriter(path: scratch.path("kept.wav"), like: info)
      try writer.write(AudioBlock(channelCount: 1, silentFrames: 8000))
      #expect(scratch.names.count == 2)
      if discard { writer.discard() }
    }
    #expect(scratch.names == ["kept.wav"])
    #expect(try fileBytes(scratch.path("kept.wav")) == [1, 2, 3])
    #expect(throws: AudioFileError.exists(path: scratch.path("kept.wav"))) {
      try AudioWriter(path: scratch.path("kept.wav"), like: info, overwrite: false)
    }
  }

  @Test func impossibleOutputsAreRefused() throws {
    let scratch = try Scratch()
    var info = AudioInfo(sampleRate: 44100, channelCount: 6, frameCount: 4)
    #expect(throws: AudioFileError.unknownOutputFormat(path: "x.docx")) {
      try AudioWriter(path: "x.docx", like: info)
    }
    #expect(throws: AudioFileError.self) {
      try AudioWriter(path: scratch.path("a.mp3"), like: info)
    }
    info.channelCount = 2
    do {
      _ = try AudioWriter(path: scratch.path("no/folder/a.wav"), like: info)
      Issue.record("a missing folder was accepted")
    } catch let error as AudioFileError {
      #expect(error.description.contains("No such file"), "\(error)")
    }
  }

  @Test func chainedOggStreamsAreNoticed() throws {
    let scratch = try Scratch()
    try save(
      tone(channels: 1, frames: 48000, rate: 48000), scratch.path("a.ogg"), rate: 48000,
      encoding: .integer(bits: 16))
    let first = try fileBytes(scratch.path("a.ogg"))
    // Another serial number makes it another stream; its checksums do not matter here.
    var second = first
    for at in second.indices where second[at...].starts(with: "OggS".utf8) { second[at + 14] ^= 1 }
    let (info, frames) = try readThrough(scratch.write("b.ogg", first + second))
    #expect(frames == 48000)
    #expect(info.notices.count == 1)
    #expect(try AudioReader(path: scratch.path("a.ogg")).info.notices.isEmpty)
  }

  /// Bytes of good files changed at random: an error or sound, never a crash or a hang.
  @Test(arguments: ["wav", "aiff", "flac", "ogg", "opus", "mp3", "caf", "w64", "rf64", "au"])
  func mutatedFiles(ending: String) throws {
    let scratch = try Scratch()
    let path = scratch.path("a." + ending)
    try save(
      tone(channels: 2, frames: 4800, rate: 48000), path, rate: 48000,
      encoding: .integer(bits: 16), tags: [.title: "T", .comment: "C"])
    let bytes = try fileBytes(path)
    var numbers = Numbers(state: 7)
    for _ in 0..<60 {
      var changed = bytes
      for _ in 0..<(1 + numbers.next() % 8) {
        let range = numbers.next() % 2 == 0 ? min(200, changed.count) : changed.count
        changed[Int(numbers.next() % UInt64(range))] = UInt8(truncatingIfNeeded: numbers.next())
      }
      _ = failure(try scratch.write("m." + ending, changed))
    }
  }
}

/// MP3 files whose length tag is missing or wrong: libsndfile alone would drop sound or promise
/// too much.
@Suite struct MP3LengthTests {
  /// Frames (with their headers) of a constant-rate file that this project wrote, tag first.
  private func frames(_ bytes: [UInt8]) -> [[UInt8]] {
    var (out, at): ([[UInt8]], Int) = ([], 0)
    let rates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
      let size = 144_000 * rates[Int(bytes[at + 2] >> 4)] / 44100 + Int(bytes[at + 2] >> 1 & 1)
      if at + size > bytes.count { break }
      out.append(Array(bytes[at..<at + size]))
      at += size
    }
    return out
  }

  private func length(_ path: String) throws -> (frames: Int, notices: Int, sound: AudioBlock) {
    let reader = try AudioReader(path: path)
    let sound = try reader.readAll()
    #expect(sound.frameCount == reader.info.frameCount)
    return (sound.frameCount, reader.info.notices.count, sound)
  }

  @Test func lengthsAreCountedNotBelieved() throws {
    let scratch = try Scratch()
    // A quiet start makes the first frames small, so that a guess from them is far off.
    let loud = storable(.integer(bits: 16), channels: 2, frames: 88200)
    var block = AudioBlock(channelCount: 2, silentFrames: 44100)
    block.append(loud)
    try save(block, scratch.path("a.mp3"), encoding: .integer(bits: 16))
    let bytes = try fileBytes(scratch.path("a.mp3"))
    let parts = frames(bytes)
    try #require(parts.count > 100)
    let whole = try length(scratch.path("a.mp3"))
    #expect(whole.frames == 132_300 && whole.notices == 0)

    let untagged = try scratch.write("b.mp3", Array(parts.dropFirst().joined()))
    let counted = try length(untagged)
    #expect(abs(counted.frames - (parts.count - 1) * 1152) <= 1152 && counted.notices == 0)
    // Without its tag the encoder's delay of 576 samples is part of the sound.
    let tail = counted.sound.frames(60_000 + 576..<120_000 + 576)
    #expect(ratioDB(whole.sound.frames(60_000..<120_000), tail) > 60)

    let cut = try scratch.write("c.mp3", Array(parts.prefix(60).joined()))
    let short = try length(cut)
    #expect(abs(short.frames - 59 * 1152) <= 1152 && short.notices == 1)

    let joined = try length(scratch.write("d.mp3", bytes + bytes))
    #expect(joined.frames > 2 * 132_300 - 3000)

    var broken = bytes
    broken.insert(contentsOf: [UInt8](repeating: 0, count: 1000), at: parts[0..<50].joined().count)
    let damaged = try length(scratch.write("e.mp3", broken))
    #expect(damaged.frames > 120_000)
  }
}
