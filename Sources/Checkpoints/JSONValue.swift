/// A JSON value, as read from a file that nobody vouches for.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The member `name` of an object; nil when there is none or this is no object.
  public subscript(name: String) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
  public var object: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The value as compact JSON text with sorted keys, so that equal values give equal bytes.
  public var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .string(let value): Self.quoted(value)
    case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }
        .map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

/// Why a JSON text was refused, and at which byte.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public let problem: String
  public let byte: Int
  public var description: String { "\(problem) at byte \(byte) of its JSON" }
}

extension JSONValue {
  /// Reads RFC 8259 JSON strictly: UTF-8 only, no duplicate member names (the general readers keep
  /// one of them silently), nothing after the value, at most `maxDepth` open brackets.
  ///
  /// - Throws: ``JSONError``
  public init(parsing bytes: UnsafeRawBufferPointer, maxDepth: Int = 32) throws {
    var parser = JSONParser(bytes: bytes, maxDepth: maxDepth)
    self = try parser.document()
  }

  /// Reads a JSON file of at most `maxBytes`.
  ///
  /// - Throws: ``CheckpointError``
  public init(file path: String, maxBytes: Int, maxDepth: Int = 32) throws {
    let file = try MappedFile(path: path)
    guard file.bytes.count <= maxBytes else {
      throw CheckpointError.malformed(
        file: path, problem: "\(file.bytes.count) bytes are over the limit of \(maxBytes)")
    }
    do {
      self = try withExtendedLifetime(file) {
        try JSONValue(parsing: file.bytes, maxDepth: maxDepth)
      }
    } catch let error as JSONError {
      throw CheckpointError.malformed(file: path, problem: "\(error)")
    }
  }

  /// Reads JSON from a string or a byte array; see ``init(parsing:maxDepth:)-(UnsafeRawBufferPointer,_)``.
  public init(parsing bytes: [UInt8], maxDepth: Int = 32) throws {
    self = try bytes.withUnsafeBytes { try JSONValue(parsing: $0, maxDepth: maxDepth) }
  }
}

/// Recursive descent over bytes; the depth limit bounds the recursion.
private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let maxDepth: Int
  var position = 0

  init(bytes: UnsafeRawBufferPointer, maxDepth: Int) {
    self.bytes = bytes
    self.maxDepth = maxDepth
  }

  mutating func document() throws -> JSONValue {
    let value = try self.value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fail("text after the value") }
    return value
  }

  private func fail(_ problem: String) -> JSONError { JSONError(problem: problem, byte: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard let byte = next, byte == UInt8(ascii: character) else {
      throw fail("'\(character)' expected")
    }
    position += 1
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    skipSpace()
    guard let byte = next else { throw fail("unexpected end") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { throw fail("unexpected end") }
    for index in 0..<count where bytes[position + index] != text.utf8Start[index] {
      throw fail("not a JSON value")
    }
    position += count
    return value
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    guard depth <= maxDepth else { throw fail("more than \(maxDepth) nested levels") }
    try expect("{")
    var members: [String: JSONValue] = [:]
    skipSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let name = try string()
      skipSpace()
      try expect(":")
      let value = try self.value(depth: depth)
      guard members.updateValue(value, forKey: name) == nil else {
        throw fail("the name '\(name.prefix(80))' stands twice")
      }
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else {
        try expect("}")
        return .object(members)
      }
    }
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    guard depth <= maxDepth else { throw fail("more than \(maxDepth) nested levels") }
    try expect("[")
    var items: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return .array(items)
    }
    while true {
      items.append(try value(depth: depth))
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else {
        try expect("]")
        return .array(items)
      }
    }
  }

  private mutating func number() throws -> JSONValue {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let firstDigit = position
    let digits = skipDigits()
    guard digits > 0, digits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      position = start
      throw fail("not a JSON value")
    }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard skipDigits() > 0 else { throw fail("digit expected") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() > 0 else { throw fail("digit expected") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw fail("number out of range") }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func string() throws -> String {
    try expect("\"")
    var out: [UInt8] = []
    while true {
      let start = position
      while let byte = next, byte != 0x22, byte != 0x5C, byte >= 0x20 { position += 1 }
      out.append(contentsOf: bytes[start..<position])
      guard let byte = next else { throw fail("string without end") }
      guard byte >= 0x20 else { throw fail("control character in a string") }
      position += 1
      if byte == 0x22 { break }
      out.append(contentsOf: String(try escape()).utf8)
    }
    guard let text = String(validating: out, as: UTF8.self) else {
      throw fail("string that is not UTF-8")
    }
    return text
  }

  private mutating func escape() throws -> Character {
    guard let byte = next else { throw fail("string without end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return Character(Unicode.Scalar(byte))
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try hexUnit()
      if code >= 0xD800, code < 0xDC00, next == 0x5C {
        position += 1
        try expect("u")
        let low = try hexUnit()
        guard low >= 0xDC00, low < 0xE000 else { throw fail("half a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fail("half a surrogate pair") }
      return Character(scalar)
    default: throw fail("unknown escape in a string")
    }
  }

  private mutating func hexUnit() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fail("four hex digits expected")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
