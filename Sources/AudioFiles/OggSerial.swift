import Foundation

/// Ogg streams carry a random serial number. Setting it to a constant (and each page's checksum
/// with it) makes the same sound give the same bytes. Layout and checksum: RFC 3533, section 6.
enum OggSerial {
  static func makeReproducible(_ path: String) throws {
    let descriptor = open(path, O_RDWR)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var page = [UInt8](repeating: 0, count: 27 + 255 + 255 * 255)
    var offset = 0
    while true {
      let got = pread(descriptor, &page, page.count, off_t(offset))
      guard got >= 27, page.starts(with: "OggS".utf8) else { return }
      let segments = Int(page[26])
      let length = 27 + segments + page[27..<27 + segments].reduce(0) { $0 + Int($1) }
      guard length <= got else { return }
      for i in 14..<18 { page[i] = UInt8(i) }
      for i in 22..<26 { page[i] = 0 }
      var sum: UInt32 = 0
      for byte in page[0..<length] { sum = sum << 8 ^ table[Int(UInt8(sum >> 24) ^ byte)] }
      for i in 0..<4 { page[22 + i] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * i)) }
      guard pwrite(descriptor, page, length, off_t(offset)) == length else {
        throw AudioFileError.system(path: path, code: errno)
      }
      offset += length
    }
  }

  /// CRC-32 with the polynomial 0x04C11DB7, not reflected.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { sum, _ in
      sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1
    }
  }
}
