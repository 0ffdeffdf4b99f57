/// Reads the fields of one protocol-buffer message, bounds-checked.
///
/// Source: "Encoding" in the Protocol Buffers documentation (wire types 0, 1, 2 and 5; groups are
/// refused).
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// A text, bytes or a nested message.
    case bytes(ArraySlice<UInt8>)
  }

  struct Fault: Error {
    let problem: String
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next field's number and value; nil at the end of the message.
  mutating func next() throws(Fault) -> (field: Int, value: Value)? {
    guard position < bytes.endIndex else { return nil }
    let tag = try varint()
    let field = Int(truncatingIfNeeded: tag >> 3)
    guard field > 0, tag >> 3 < 1 << 29 else { throw Fault(problem: "field number out of range") }
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(8)))
    case 2: return (field, .bytes(try chunk()))
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw Fault(problem: "unknown wire type \(tag & 7)")
    }
  }

  private mutating func varint() throws(Fault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < bytes.endIndex else { throw Fault(problem: "it ends inside a number") }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Fault(problem: "a number of more than 64 bits")
  }

  private mutating func fixed(_ count: Int) throws(Fault) -> UInt64 {
    guard count <= bytes.endIndex - position else {
      throw Fault(problem: "it ends inside a number")
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  private mutating func chunk() throws(Fault) -> ArraySlice<UInt8> {
    let count = try varint()
    guard count <= UInt64(bytes.endIndex - position) else {
      throw Fault(problem: "a field of \(count) bytes, but \(bytes.endIndex - position) are left")
    }
    let start = position
    position += Int(count)
    return bytes[start..<position]
  }
}
