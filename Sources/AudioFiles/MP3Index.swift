import Foundation

/// What an MP3 stream really holds, by walking over its frame headers (ISO 11172-3, 13818-3).
///
/// libsndfile believes the length in the first frame's Xing tag, and without one it guesses from
/// the first bit rate and reads no further than that: a variable-rate file loses its end.
struct MP3Index {
  /// Where the first frame of the stream stands, behind any ID3v2 tag.
  let firstFrame: Int
  /// Where the sound begins: behind the frame with the Xing, Info or VBRI tag, if there is one.
  let firstSound: Int
  /// Frames that are there in full, the tag's own not counted.
  let frames: Int
  /// Frames that the tag promises.
  let promisedFrames: Int?
  /// Bytes between frames had to be skipped: the decoder may see more or fewer frames.
  let isDamaged: Bool
  let header: MP3Header

  /// Nil when the file has no MPEG layer III frames.
  init?(path: String) {
    guard let bytes = WindowedFile(path: path) else { return nil }
    guard let start = Self.nextFrame(bytes, from: Self.tagLength(bytes), limit: 1 << 17),
      let header = bytes.header(at: start)
    else { return nil }
    firstFrame = start
    self.header = header
    promisedFrames = Self.promise(bytes, at: start, header)
    let isTag = Self.hasTag(bytes, at: start, header)
    firstSound = isTag ? start + header.byteCount : start
    var (position, count, damaged) = (firstSound, 0, false)
    while position < bytes.count {
      if let frame = bytes.header(at: position), frame.isLike(header),
        position + frame.byteCount <= bytes.count
      {
        count += 1
        position += frame.byteCount
      } else if let next = Self.nextFrame(bytes, from: position + 1, limit: 1 << 17) {
        damaged = true
        position = next
      } else {
        break
      }
    }
    frames = count
    isDamaged = damaged
  }

  /// A frame without sound that announces `frames` frames of what follows it.
  func infoFrame() -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: header.infoFrame.byteCount)
    frame.replaceSubrange(0..<4, with: header.infoFrame.bytes)
    let tag = Array("Info".utf8) + [0, 0, 0, 1]
    let count = (0..<4).map { UInt8(truncatingIfNeeded: frames >> (24 - 8 * $0)) }
    let at = 4 + header.sideInfoBytes
    frame.replaceSubrange(at..<at + 12, with: tag + count)
    return frame
  }

  /// Bytes of the ID3v2 tags at the start.
  private static func tagLength(_ bytes: WindowedFile) -> Int {
    var length = 0
    for _ in 0..<4 {
      let head = bytes.read(at: length, count: 10)
      guard head.count == 10, head.starts(with: "ID3".utf8) else { break }
      let body = head[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
      length += 10 + body + (head[5] & 0x10 != 0 ? 10 : 0)
    }
    return length
  }

  /// The next position that holds a frame followed by another one or by the end.
  private static func nextFrame(_ bytes: WindowedFile, from: Int, limit: Int) -> Int? {
    var position = from
    while position < min(bytes.count, from + limit) {
      if let header = bytes.header(at: position) {
        let next = position + header.byteCount
        if next == bytes.count || bytes.header(at: next)?.isLike(header) == true {
          return position
        }
      }
      position += 1
    }
    return nil
  }

  private static func hasTag(_ bytes: WindowedFile, at start: Int, _ header: MP3Header) -> Bool {
    let xing = bytes.read(at: start + 4 + header.sideInfoBytes, count: 4)
    let vbri = bytes.read(at: start + 36, count: 4)
    return xing.elementsEqual("Xing".utf8) || xing.elementsEqual("Info".utf8)
      || vbri.elementsEqual("VBRI".utf8)
  }

  private static func promise(_ bytes: WindowedFile, at start: Int, _ header: MP3Header) -> Int? {
    let xing = bytes.read(at: start + 4 + header.sideInfoBytes, count: 12)
    guard xing.count == 12, xing.starts(with: "Xing".utf8) || xing.starts(with: "Info".utf8),
      xing[7] & 1 != 0
    else { return nil }
    return xing[8..<12].reduce(0) { $0 << 8 | Int($1) }
  }
}

/// The four bytes before each frame.
struct MP3Header {
  let bytes: [UInt8]
  private let version: Int
  private let rateIndex: Int
  private let isMono: Bool
  /// The whole frame, header included.
  let byteCount: Int

  private static let bitRates = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]
  private static let sampleRates = [44100, 48000, 32000]

  /// Nil unless the bytes are a layer III header with a stated bit rate.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 4, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2 else { return nil }
    // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5.
    version = Int(bytes[1] >> 3 & 3)
    rateIndex = Int(bytes[2] >> 2 & 3)
    let bitIndex = Int(bytes[2] >> 4)
    guard version != 1, rateIndex < 3, (1..<15).contains(bitIndex) else { return nil }
    self.bytes = bytes
    isMono = bytes[3] >> 6 == 3
    let rate = Self.sampleRates[rateIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    let kilobits = Self.bitRates[version == 3 ? 0 : 1][bitIndex]
    let padding = Int(bytes[2] >> 1 & 1)
    byteCount = (version == 3 ? 144_000 : 72000) * kilobits / rate + padding
  }

  var sideInfoBytes: Int { version == 3 ? (isMono ? 17 : 32) : (isMono ? 9 : 17) }

  /// True for frames of one stream: same version, layer and rate.
  func isLike(_ other: MP3Header) -> Bool {
    version == other.version && rateIndex == other.rateIndex
  }

  /// The header of a frame of the same stream with room for a tag (128 or 64 kbit/s, no checksum).
  var infoFrame: MP3Header {
    let bits: UInt8 = version == 3 ? 9 : 8
    return MP3Header([bytes[0], bytes[1] | 1, bits << 4 | bytes[2] & 0x0C, bytes[3]]) ?? self
  }
}

/// Random reads of a file through one buffered window.
final class WindowedFile {
  let count: Int
  private let handle: FileHandle
  private var window: [UInt8] = []
  private var windowStart = 0

  init?(path: String) {
    guard let handle = FileHandle(forReadingAtPath: path),
      let end = try? handle.seekToEnd()
    else { return nil }
    self.handle = handle
    count = Int(end)
  }

  /// Up to `count` bytes; fewer behind the end.
  func read(at offset: Int, count wanted: Int) -> [UInt8] {
    guard offset >= 0, offset < count, wanted > 0 else { return [] }
    if offset < windowStart || offset + wanted > windowStart + window.count {
      guard (try? handle.seek(toOffset: UInt64(offset))) != nil,
        let data = try? handle.read(upToCount: max(wanted, 1 << 18))
      else { return [] }
      window = [UInt8](data)
      windowStart = offset
    }
    let start = offset - windowStart
    return Array(window[start..<min(window.count, start + wanted)])
  }

  func header(at offset: Int) -> MP3Header? { MP3Header(read(at: offset, count: 4)) }
}
