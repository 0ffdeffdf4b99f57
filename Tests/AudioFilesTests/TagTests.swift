import AudioFiles
import Foundation
import Testing

@Suite struct TagTests {
  static let tags: [AudioTag: String] = [
    .title: "Grüße aus København", .artist: "A", .album: "B", .date: "2024", .trackNumber: "7",
    .genre: "Rock", .comment: "c = d", .copyright: "(c) E", .license: "CC0", .software: "F",
  ]

  /// What each format is known to hold.
  static let expectedLoss: [String: Set<AudioTag>] = [
    "flac": [], "ogg": [], "opus": [],
    "wav": [.license],
    "rf64": [.license],
  ]

  @Test(arguments: ["flac", "ogg", "opus", "wav", "rf64", "mp3", "aiff", "caf", "au"])
  func tagsAreKeptOrNamed(ending: String) throws {
    let scratch = try Scratch()
    let path = scratch.path("a." + ending)
    let block = tone(channels: 1, frames: 9600, rate: 48000)
    let warnings = try save(
      block, path, rate: 48000, encoding: .integer(bits: 16), tags: Self.tags)
    let info = try AudioReader(path: path).info
    for (tag, text) in Self.tags {
      let named = warnings.contains { $0.description.hasSuffix("tag: \(tag.rawValue)") }
      let kept = tag == .software ? info.tags[tag]?.hasPrefix(text) : info.tags[tag] == text
      #expect((kept ?? false) != named, "\(ending): \(tag) \(info.tags[tag] ?? "-")")
      if let expected = Self.expectedLoss[ending] {
        #expect(expected.contains(tag) == named, "\(ending): \(tag)")
      }
    }
  }

  @Test func unknownChunksOfAWaveFileAreNamed() throws {
    let scratch = try Scratch()
    let path = scratch.path("a.wav")
    try save(
      tone(channels: 1, frames: 1000, rate: 8000), path, rate: 8000, encoding: .integer(bits: 16))
    var bytes = try fileBytes(path)
    bytes += Array("iXML".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
    bytes += Array("LIST".utf8) + [16, 0, 0, 0] + Array("INFOIKEY".utf8) + [4, 0, 0, 0]
    bytes += [65, 66, 67, 0]
    let size = UInt32(bytes.count - 8)
    for i in 0..<4 { bytes[4 + i] = UInt8(truncatingIfNeeded: size >> UInt32(8 * i)) }
    let info = try AudioReader(path: scratch.write("b.wav", bytes)).info
    #expect(info.otherMetadata == ["iXML chunk", "IKEY"])
    let writer = try AudioWriter(path: scratch.path("c.flac"), like: info)
    try writer.write(AudioBlock(channelCount: 1, silentFrames: 10))
    let warnings = try writer.commit().map(\.description)
    #expect(warnings.contains("FLAC output does not keep the tag: iXML chunk"))
  }
}
