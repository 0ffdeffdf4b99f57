extension PublishedConfig {
  /// Reads a YAML file of nested mappings of plain values, all that vocoders' configurations use.
  ///
  /// - Throws: ``CheckpointError/malformed(file:problem:)`` naming the line that is anything else.
  public init(yaml path: String) throws {
    let file = try MappedFile(path: path)
    guard file.bytes.count <= Self.maxBytes,
      let text = String(validating: file.bytes, as: UTF8.self)
    else { throw CheckpointError.malformed(file: path, problem: "it is no UTF-8 text") }
    var lines = PlainYAML(text: text, file: path)
    self.init(try lines.mapping(indent: 0), place: path)
    try lines.finish()
  }
}

/// The lines of a YAML text, read from the top.
private struct PlainYAML {
  private struct Line {
    let number: Int, indent: Int
    let key: String, value: String
  }

  private let file: String
  private var lines: ArraySlice<Line> = []
  private var bad: Int?

  init(text: String, file: String) {
    self.file = file
    let rows = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, raw) in rows.enumerated() {
      let code = Self.withoutComment(raw)
      let indent = code.prefix { $0 == " " }.count
      let trimmed = Self.trimmed(code)
      if trimmed.isEmpty || trimmed == "---" { continue }
      let parts = trimmed.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].isEmpty || parts[1].first == " " else {
        bad = bad ?? index + 1
        return
      }
      lines.append(
        Line(
          number: index + 1, indent: indent, key: String(parts[0]),
          value: String(Self.trimmed(parts[1]))))
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let front = text.drop { $0.isWhitespace }
    return front.lastIndex { !$0.isWhitespace }.map { front[...$0] } ?? ""
  }

  private static func withoutComment(_ line: Substring) -> Substring {
    if line.drop(while: { $0 == " " }).first == "#" { return "" }
    let pairs = zip(line.indices, line.indices.dropFirst())
    let mark = pairs.first { line[$0] == " " && line[$1] == "#" }
    return mark.map { line[..<$0.0] } ?? line
  }

  private func refuse(_ line: Int) -> CheckpointError {
    .malformed(file: file, problem: "line \(line) is not 'key: value' of plain YAML")
  }

  /// The members at one depth, and all below.
  mutating func mapping(indent: Int, depth: Int = 0) throws -> [String: JSONValue] {
    if let bad { throw refuse(bad) }
    var members: [String: JSONValue] = [:]
    while let line = lines.first, line.indent == indent {
      lines.removeFirst()
      var value = Self.scalar(line.value)
      if line.value.isEmpty, let next = lines.first, next.indent > indent {
        guard depth < 16 else { throw refuse(next.number) }
        value = .object(try mapping(indent: next.indent, depth: depth + 1))
      }
      guard members.updateValue(value, forKey: line.key) == nil else { throw refuse(line.number) }
    }
    return members
  }

  func finish() throws {
    if let line = lines.first { throw refuse(line.number) }
  }

  private static func scalar(_ text: String) -> JSONValue {
    switch text {
    case "", "null", "~": return .null
    case "true", "True": return .bool(true)
    case "false", "False": return .bool(false)
    default: break
    }
    if let whole = Int(text) { return .integer(whole) }
    if let number = Double(text), number.isFinite { return .number(number) }
    for quote in ["\"", "'"]
    where text.count > 1 && text.hasPrefix(quote) && text.hasSuffix(quote) {
      return .string(String(text.dropFirst().dropLast()))
    }
    return .string(text)
  }
}
