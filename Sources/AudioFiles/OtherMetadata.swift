import Foundation

/// Names of the metadata that libsndfile does not hand over, so that a writer can say what an
/// output will lack. Only names are read; damaged metadata is skipped in silence, because the
/// sound behind it is what counts.
enum OtherMetadata {
  static func names(path: String, container: AudioContainer) -> [String] {
    guard let file = FileBytes(path: path) else { return [] }
    var found: [String]
    switch container {
    case .wav, .wavExtensible, .rf64: found = chunkNames(file, bigEndian: false)
    case .aiff: found = chunkNames(file, bigEndian: true)
    case .flac: found = flacNames(file)
    case .oggVorbis, .opus: found = oggNames(file)
    case .mp3: found = id3Names(file)
    case .wave64, .caf, .au, .media: found = []
    }
    var seen = Set<String>()
    found.removeAll { !seen.insert($0).inserted }
    return Array(found.prefix(32))
  }

  // MARK: RIFF and AIFF chunks

  /// Chunks that hold the sound, its format, padding, or what libsndfile hands over.
  private static let ordinaryChunks: Set<String> = [
    "fmt ", "data", "fact", "PEAK", "JUNK", "junk", "PAD ", "FLLR", "ds64", "bgcl", "minf", "elm1",
    "COMM", "SSND", "FVER", "NAME", "AUTH", "(c) ", "ANNO", "APPL",
  ]
  private static let chunkTitles = [
    "bext": "broadcast extension (bext)", "cue ": "cue points (cue)", "smpl": "loops (smpl)",
    "inst": "instrument (inst)", "id3 ": "ID3 tags", "ID3 ": "ID3 tags", "MARK": "markers (MARK)",
    "COMT": "comments (COMT)", "INST": "instrument (INST)", "LIST": "labels (LIST)",
  ]
  private static let infoTags: Set<String> = [
    "INAM", "IART", "IPRD", "ICRD", "ITRK", "IGNR", "ICMT", "ICOP", "ISFT",
  ]

  private static func chunkNames(_ file: FileBytes, bigEndian: Bool) -> [String] {
    var names: [String] = []
    var offset = 12
    for _ in 0..<256 {
      let head = file.read(at: offset, count: 12)
      guard head.count >= 8 else { break }
      let id = text(head[0..<4])
      let size = Int(bigEndian ? head.bigEndian32(at: 4) : head.littleEndian32(at: 4))
      if id == "LIST", head.count == 12, text(head[8..<12]) == "INFO" {
        names += infoNames(file.read(at: offset + 12, count: min(size, 1 << 16)))
      } else if !ordinaryChunks.contains(id), id.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) {
        names.append(chunkTitles[id] ?? "\(id.trimmingCharacters(in: .whitespaces)) chunk")
      }
      // A 64-bit data size stands elsewhere; what would follow it is not looked for.
      if size == 0xFFFF_FFFF { break }
      offset += 8 + size + (size & 1)
    }
    return names
  }

  private static func infoNames(_ bytes: [UInt8]) -> [String] {
    var names: [String] = []
    var at = 0
    while at + 8 <= bytes.count {
      let id = text(bytes[at..<at + 4])
      let size = Int(bytes.littleEndian32(at: at + 4))
      if id.utf8.allSatisfy({ $0 >= 65 && $0 <= 90 }), !infoTags.contains(id) { names.append(id) }
      at += 8 + size + (size & 1)
    }
    return names
  }

  // MARK: FLAC and Ogg

  private static let commentTags: Set<String> = [
    "TITLE", "ARTIST", "ALBUM", "DATE", "TRACKNUMBER", "GENRE", "COMMENT", "COPYRIGHT", "LICENSE",
    "SOFTWARE", "ENCODER",
  ]

  private static func flacNames(_ file: FileBytes) -> [String] {
    guard file.read(at: 0, count: 4).elementsEqual("fLaC".utf8) else { return [] }
    var names: [String] = []
    var offset = 4
    for _ in 0..<128 {
      let head = file.read(at: offset, count: 4)
      guard head.count == 4 else { break }
      let size = Int(head.bigEndian32(at: 0) & 0xFF_FFFF)
      switch head[0] & 0x7F {
      case 2: names.append("application data")
      case 4: names += commentNames(file.read(at: offset + 4, count: min(size, 1 << 20)))
      case 5: names.append("cue sheet")
      case 6: names.append("cover picture")
      default: break
      }
      if head[0] & 0x80 != 0 { break }
      offset += 4 + size
    }
    return names
  }

  /// The comment packet is the second of an Ogg stream; its first 64 KB name all usual tags.
  private static func oggNames(_ file: FileBytes) -> [String] {
    let bytes = file.read(at: 0, count: 1 << 18)
    var packet: [UInt8] = []
    var (at, packetIndex) = (0, 0)
    while at + 27 <= bytes.count, text(bytes[at..<at + 4]) == "OggS" {
      let segments = Int(bytes[at + 26])
      guard at + 27 + segments <= bytes.count else { break }
      var body = at + 27 + segments
      for i in 0..<segments {
        let size = Int(bytes[at + 27 + i])
        if packetIndex == 1 {
          packet += bytes[min(body, bytes.count)..<min(body + size, bytes.count)]
        }
        body += size
        if size < 255 { packetIndex += 1 }
      }
      if packetIndex > 1 { break }
      at = body
    }
    let prefix = packet.starts(with: "OpusTags".utf8) ? 8 : 7
    return commentNames(Array(packet.dropFirst(prefix)))
  }

  /// Keys of a Vorbis comment block.
  private static func commentNames(_ bytes: [UInt8]) -> [String] {
    guard bytes.count >= 8 else { return [] }
    var names: [String] = []
    var at = 4 + Int(bytes.littleEndian32(at: 0))
    guard at + 4 <= bytes.count else { return [] }
    let count = Int(bytes.littleEndian32(at: at))
    at += 4
    for _ in 0..<min(count, 1024) {
      guard at + 4 <= bytes.count else { break }
      let size = Int(bytes.littleEndian32(at: at))
      let entry = bytes[at + 4..<min(at + 4 + size, bytes.count)]
      if let equals = entry.prefix(256).firstIndex(of: UInt8(ascii: "=")) {
        let key = text(entry[entry.startIndex..<equals]).uppercased()
        if key == "METADATA_BLOCK_PICTURE" {
          names.append("cover picture")
        } else if !commentTags.contains(key) {
          names.append(key)
        }
      }
      at += 4 + size
    }
    return names
  }

  // MARK: ID3v2

  private static let id3Frames: Set<String> = [
    "TIT2", "TPE1", "TALB", "TDRC", "TYER", "TRCK", "TCON", "COMM", "TCOP", "TSSE", "TENC", "TLEN",
    "TT2", "TP1", "TAL", "TYE", "TRK", "TCO", "COM", "TCR", "TSS", "TEN", "TLE",
  ]

  private static func id3Names(_ file: FileBytes) -> [String] {
    let head = file.read(at: 0, count: 10)
    guard head.count == 10, text(head[0..<3]) == "ID3" else { return [] }
    let version = head[3]
    let size = syncSafe(head, at: 6)
    let idLength = version == 2 ? 3 : 4
    let headLength = version == 2 ? 6 : 10
    var names: [String] = []
    var offset = 10
    for _ in 0..<512 where offset + headLength <= 10 + size {
      let frame = file.read(at: offset, count: headLength)
      guard frame.count == headLength, frame[0] != 0 else { break }
      let id = text(frame[0..<idLength])
      let length: Int
      switch version {
      case 2: length = Int(frame[3]) << 16 | Int(frame[4]) << 8 | Int(frame[5])
      case 3: length = Int(frame.bigEndian32(at: 4))
      default: length = syncSafe(frame, at: 4)
      }
      if id == "APIC" || id == "PIC" {
        names.append("cover picture")
      } else if !id3Frames.contains(id) {
        names.append(id)
      }
      offset += headLength + length
    }
    return names
  }

  private static func syncSafe(_ bytes: [UInt8], at index: Int) -> Int {
    (0..<4).reduce(0) { $0 << 7 | Int(bytes[index + $1] & 0x7F) }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(String.UnicodeScalarView(bytes.map { UnicodeScalar($0) }))
  }
}

/// Bounded reads at offsets of a file.
private struct FileBytes {
  private let handle: FileHandle

  init?(path: String) {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    self.handle = handle
  }

  /// Up to `count` bytes; fewer behind the end.
  func read(at offset: Int, count: Int) -> [UInt8] {
    guard count > 0, (try? handle.seek(toOffset: UInt64(offset))) != nil,
      let data = try? handle.read(upToCount: count)
    else { return [] }
    return [UInt8](data)
  }
}

extension [UInt8] {
  fileprivate func littleEndian32(at i: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[i + $1]) << UInt32(8 * $1) }
  }

  fileprivate func bigEndian32(at i: Int) -> UInt32 { littleEndian32(at: i).byteSwapped }
}
