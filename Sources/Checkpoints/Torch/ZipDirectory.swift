/// The directory of a zip archive whose entries are stored uncompressed, as PyTorch writes them.
///
/// Source: PKWARE's APPNOTE 6.3.10 (4.3.6 to 4.3.16, 4.5.3 for zip64). Nothing is unpacked: an entry
/// is a range of the mapped file.
struct ZipDirectory {
  static let maxEntries = 1_000_000

  /// Bytes of each stored entry, from the start of the file, by name.
  let entries: [String: Range<Int>]
  /// Names of entries that are compressed or encrypted.
  let packed: [String]

  /// - Throws: ``CheckpointError/malformed(file:problem:)``
  init(_ file: UnsafeRawBufferPointer, name: String) throws {
    var reader = try Self.findDirectory(file, name)
    var found: [String: Range<Int>] = [:]
    var packed: [String] = []
    for _ in 0..<reader.count {
      let (entry, range) = try Self.entry(&reader.bytes, file, name)
      guard let range else {
        packed.append(entry)
        continue
      }
      guard found.updateValue(range, forKey: entry) == nil else {
        throw Self.refuse(name, "the entry '\(entry.prefix(120))' stands twice")
      }
    }
    entries = found
    self.packed = packed
  }

  private static func refuse(_ name: String, _ problem: String) -> CheckpointError {
    .malformed(file: name, problem: problem)
  }

  /// Reads the end record (4.3.16), and the zip64 one (4.3.14) where a field of it overflows.
  private static func findDirectory(
    _ file: UnsafeRawBufferPointer, _ name: String
  ) throws -> (bytes: LittleEndianBytes, count: Int) {
    let endBytes = 22
    guard file.count >= endBytes else { throw refuse(name, "it is cut off") }
    var place = file.count - endBytes
    let last = max(0, place - 0xFFFF)
    while place >= last, LittleEndianBytes.uint32(file, at: place) != 0x0605_4B50 { place -= 1 }
    guard place >= last else { throw refuse(name, "its zip directory is missing; it is cut off") }
    var count = Int(LittleEndianBytes.uint16(file, at: place + 10))
    var size = UInt64(LittleEndianBytes.uint32(file, at: place + 12))
    var offset = UInt64(LittleEndianBytes.uint32(file, at: place + 16))
    if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      let locator = place - 20
      guard locator >= 0, LittleEndianBytes.uint32(file, at: locator) == 0x0706_4B50 else {
        throw refuse(name, "its zip64 directory is missing")
      }
      let end = LittleEndianBytes.uint64(file, at: locator + 8)
      guard locator >= 56, end <= UInt64(locator - 56),
        LittleEndianBytes.uint32(file, at: Int(end)) == 0x0606_4B50
      else { throw refuse(name, "its zip64 directory is not where it should be") }
      let entries = LittleEndianBytes.uint64(file, at: Int(end) + 32)
      guard entries <= UInt64(maxEntries) else { throw refuse(name, "\(entries) entries") }
      count = Int(entries)
      size = LittleEndianBytes.uint64(file, at: Int(end) + 40)
      offset = LittleEndianBytes.uint64(file, at: Int(end) + 48)
    }
    guard offset <= UInt64(file.count), size <= UInt64(file.count) - offset else {
      throw refuse(name, "its zip directory lies outside the file")
    }
    let range = Int(offset)..<Int(offset) + Int(size)
    return (LittleEndianBytes(UnsafeRawBufferPointer(rebasing: file[range]), name: name), count)
  }

  /// One header of the central directory (4.3.12) and the place of its data, if it is not packed.
  private static func entry(
    _ bytes: inout LittleEndianBytes, _ file: UnsafeRawBufferPointer, _ name: String
  ) throws -> (String, Range<Int>?) {
    guard try bytes.uint32() == 0x0201_4B50 else {
      throw refuse(name, "its zip directory holds something but entries")
    }
    try bytes.skip(4)
    let flags = try bytes.uint16()
    let method = try bytes.uint16()
    try bytes.skip(8)
    var packed = UInt64(try bytes.uint32())
    var size = UInt64(try bytes.uint32())
    let nameBytes = Int(try bytes.uint16())
    let extraBytes = Int(try bytes.uint16())
    let commentBytes = Int(try bytes.uint16())
    try bytes.skip(8)
    var offset = UInt64(try bytes.uint32())
    guard let entry = String(validating: try bytes.take(nameBytes), as: UTF8.self) else {
      throw refuse(name, "an entry has a name that is not UTF-8")
    }
    var extra = LittleEndianBytes(try bytes.take(extraBytes), name: name)
    try bytes.skip(commentBytes)
    while extra.count >= 4 {
      let id = try extra.uint16()
      var field = LittleEndianBytes(try extra.take(Int(try extra.uint16())), name: name)
      guard id == 1 else { continue }
      // Zip64 (4.5.3): only what overflows above, in this order.
      if size == 0xFFFF_FFFF { size = try field.uint64() }
      if packed == 0xFFFF_FFFF { packed = try field.uint64() }
      if offset == 0xFFFF_FFFF { offset = try field.uint64() }
    }
    guard flags & 1 == 0, method == 0 else { return (entry, nil) }
    guard packed == size else {
      throw refuse(name, "the entry '\(entry.prefix(120))' has two sizes")
    }
    let headerBytes: UInt64 = 30
    guard UInt64(file.count) >= headerBytes, offset <= UInt64(file.count) - headerBytes,
      LittleEndianBytes.uint32(file, at: Int(offset)) == 0x0403_4B50
    else { throw refuse(name, "the entry '\(entry.prefix(120))' is not where the directory says") }
    // The local header (4.3.7) has its own name and padding before the data.
    let start =
      offset + headerBytes + UInt64(LittleEndianBytes.uint16(file, at: Int(offset) + 26))
      + UInt64(LittleEndianBytes.uint16(file, at: Int(offset) + 28))
    guard start <= UInt64(file.count), size <= UInt64(file.count) - start else {
      throw refuse(name, "the entry '\(entry.prefix(120))' lies outside the file")
    }
    return (entry, Int(start)..<Int(start) + Int(size))
  }
}

/// Little-endian numbers, one after the other, with the end checked.
struct LittleEndianBytes {
  private let bytes: UnsafeRawBufferPointer
  private let name: String
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer, name: String) {
    self.bytes = bytes
    self.name = name
  }

  /// Bytes that are left.
  var count: Int { bytes.count - position }

  mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count <= self.count else {
      throw CheckpointError.malformed(file: name, problem: "it is cut off")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func skip(_ count: Int) throws { _ = try take(count) }
  mutating func uint8() throws -> UInt8 { try take(1)[0] }
  mutating func uint16() throws -> UInt16 { Self.uint16(try take(2), at: 0) }
  mutating func uint32() throws -> UInt32 { Self.uint32(try take(4), at: 0) }
  mutating func uint64() throws -> UInt64 { Self.uint64(try take(8), at: 0) }

  static func uint16(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self))
  }
  static func uint32(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }
  static func uint64(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }
}
