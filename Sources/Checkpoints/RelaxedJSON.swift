extension PublishedConfig {
  /// Reads JSON as research code writes it: with `//` comments, and commas before closing brackets
  /// (the parts of JSON5 that Amphion's experiments use).
  ///
  /// - Throws: ``CheckpointError/unreadable(file:reason:)`` or
  ///   ``CheckpointError/malformed(file:problem:)``
  public init(relaxedJSON path: String) throws {
    let file = try MappedFile(path: path)
    guard file.bytes.count <= Self.maxBytes else {
      throw CheckpointError.malformed(file: path, problem: "it has \(file.bytes.count) bytes")
    }
    do {
      guard let members = try JSONValue(parsing: strict(file.bytes)).object else {
        throw CheckpointError.malformed(file: path, problem: "it is no JSON object")
      }
      self.init(members, place: path)
    } catch let error as JSONError {
      throw CheckpointError.malformed(file: path, problem: "\(error)")
    }
  }
}

/// The same text with blanks for comments and for commas before closing brackets, so that places in
/// messages stay right.
private func strict(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  var out = Array(bytes)
  var isInString = false
  var comma: Int?
  var index = 0
  while index < out.count {
    let byte = out[index]
    if isInString {
      if byte == UInt8(ascii: "\\") { index += 1 }
      isInString = byte != UInt8(ascii: "\"")
    } else if byte == UInt8(ascii: "/") && out[index...].starts(with: "//".utf8) {
      while index < out.count && out[index] != UInt8(ascii: "\n") {
        out[index] = UInt8(ascii: " ")
        index += 1
      }
      continue
    } else if byte == UInt8(ascii: ",") {
      comma = index
    } else if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
      if let comma { out[comma] = UInt8(ascii: " ") }
      comma = nil
    } else if byte > 0x20 {
      comma = nil
      isInString = byte == UInt8(ascii: "\"")
    }
    index += 1
  }
  return out
}
