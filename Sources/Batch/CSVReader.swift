/// Rows of comma-separated values (RFC 4180), each with the line it begins on: error messages need
/// it, and the general readers do not tell.
package struct CSVReader {
  package struct Row: Equatable {
    /// From 1.
    package let line: Int
    package let fields: [String]
  }

  package struct Problem: Error, Equatable {
    package let line: Int
    package let text: String
  }

  /// Splits a text into rows; blank lines are left out. LF, CRLF and CR end a line.
  /// - Throws: ``Problem`` for quotes that do not fit.
  package static func rows(of text: String) throws -> [Row] {
    var reader = CSVReader(text)
    return try reader.all()
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1

  private init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    // A byte order mark is no part of the first name.
    if scalars.first == "\u{FEFF}" { position = 1 }
  }

  private mutating func all() throws -> [Row] {
    var rows: [Row] = []
    while position < scalars.count {
      let start = line
      let fields = try row()
      if fields != [""] { rows.append(Row(line: start, fields: fields)) }
    }
    return rows
  }

  private mutating func row() throws -> [String] {
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard position < scalars.count, scalars[position] == "," else { break }
      position += 1
    }
    endLine()
    return fields
  }

  private mutating func field() throws -> String {
    var text = String.UnicodeScalarView()
    guard position < scalars.count, scalars[position] == "\"" else {
      while position < scalars.count, !Self.ends(scalars[position]) {
        text.append(scalars[position])
        position += 1
      }
      return String(text)
    }
    let start = line
    position += 1
    while position < scalars.count {
      let scalar = scalars[position]
      position += 1
      guard scalar == "\"" else {
        if scalar == "\n" { line += 1 }
        text.append(scalar)
        continue
      }
      if position < scalars.count, scalars[position] == "\"" {
        text.append("\"")
        position += 1
        continue
      }
      guard position == scalars.count || Self.ends(scalars[position]) else {
        throw Problem(line: line, text: "text after a closing quote; double the quotes inside")
      }
      return String(text)
    }
    throw Problem(line: start, text: "a quote is opened and never closed")
  }

  private mutating func endLine() {
    guard position < scalars.count else { return }
    if scalars[position] == "\r" { position += 1 }
    if position < scalars.count, scalars[position] == "\n" { position += 1 }
    line += 1
  }

  private static func ends(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "," || scalar == "\n" || scalar == "\r"
  }
}
