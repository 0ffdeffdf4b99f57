import Checkpoints
import Editing
import Foundation

/// A file that lists jobs: CSV with a header row, or JSON Lines with an object in each line.
struct JobList {
  /// Endings of names that mean a list rather than a song.
  static func isList(_ path: String) -> Bool {
    ["csv", "jsonl", "ndjson"].contains((path as NSString).pathExtension.lowercased())
  }

  /// Larger files are refused before they are read.
  private static let maxBytes = 256 << 20

  /// The jobs of a list; inputs and transcripts are found from the list's folder.
  /// - Parameters:
  ///   - batch: what the command line says for all rows.
  ///   - works: what is done in rows that do not say it.
  ///   - problems: takes what is wrong, a line each.
  static func read(
    _ path: String, of batch: BatchRequest, works: [JobRequest.Work], problems: inout [String]
  ) -> [JobRequest] {
    let url = URL(fileURLWithPath: path)
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    guard size <= maxBytes else {
      problems.append("\(path): \(size) bytes are too many for a job list")
      return []
    }
    guard let data = try? Data(contentsOf: url) else {
      problems.append("\(path): no such file, or it cannot be read")
      return []
    }
    guard let text = String(data: data, encoding: .utf8) else {
      problems.append("\(path): is not UTF-8 text; save the list as UTF-8")
      return []
    }
    let isCSV = (path as NSString).pathExtension.lowercased() == "csv"
    let rows = isCSV ? csv(text, path, &problems) : jsonLines(text, path, &problems)
    if rows.isEmpty, problems.isEmpty { problems.append("\(path): there is no job in this list") }
    let folder = url.deletingLastPathComponent()
    return rows.flatMap { row -> [JobRequest] in
      let source = "\(path):\(row.line)"
      do {
        var fields = row.fields
        guard let name = fields.removeValue(forKey: "input"), !name.isEmpty else {
          throw JobProblem("there is no input")
        }
        let input = located(name, from: folder)
        let own = try row.work(from: folder)
        for field in ["instruction", "transcript"] { fields[field] = nil }
        let works = try own.map { [$0] } ?? works.map { try $0.found(beside: input.path) }
        guard !works.isEmpty else { throw JobRequest.nothingToDo }
        return try works.map {
          try JobFields.apply(
            fields, to: JobRequest(source: source, input: input, work: $0, of: batch))
        }
      } catch {
        problems.append("\(source): \(error)")
        return []
      }
    }
  }

  /// Finds an input beside the list; the output keeps the folders of a relative one.
  private static func located(_ name: String, from folder: URL) -> InputFile {
    let input = name as NSString
    if input.isAbsolutePath { return InputFile(path: name, folder: "") }
    let inside = !input.pathComponents.contains("..")
    var kept = inside ? input.deletingLastPathComponent : ""
    if kept.hasPrefix("./") { kept.removeFirst(2) }
    return InputFile(
      path: folder.appendingPathComponent(name).path, folder: kept == "." ? "" : kept)
  }

  private struct Row {
    let line: Int
    var fields: [String: String] = [:]
    /// Several in turn, which only JSON can say.
    var instructions: [String]?

    /// What the row says is to be done; nil when it leaves that to the command line.
    /// - Throws: ``JobProblem``
    func work(from folder: URL) throws -> JobRequest.Work? {
      func text(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
      let instructions = instructions ?? text("instruction").map { [$0] }
      guard let transcript = text("transcript") else {
        return instructions.map { .edit($0, slug: Slug.of($0.joined(separator: " "))) }
      }
      guard instructions == nil else {
        throw JobProblem("an instruction and a transcript; a row can have one of them")
      }
      return .fill(transcript: InputFiles.path(transcript, from: folder))
    }
  }

  private static func csv(_ text: String, _ path: String, _ problems: inout [String]) -> [Row] {
    let rows: [CSVReader.Row]
    do { rows = try CSVReader.rows(of: text) } catch {
      if let problem = error as? CSVReader.Problem {
        problems.append("\(path):\(problem.line): \(problem.text)")
      }
      return []
    }
    guard let header = rows.first else { return [] }
    let names = header.fields.map(JobFields.canonical)
    let unknown = names.filter { !JobFields.names.contains($0) }
    if !names.contains("input") || !unknown.isEmpty || Set(names).count < names.count {
      let known = JobFields.names.joined(separator: ", ")
      let fault =
        unknown.first.map { "the column '\($0)' is unknown" }
        ?? (names.contains("input") ? "a column stands there twice" : "there is no column 'input'")
      problems.append(
        "\(path):\(header.line): \(fault); the first line names columns, which can be: \(known)")
      return []
    }
    return rows.dropFirst().compactMap { row in
      guard row.fields.count == names.count else {
        problems.append(
          "\(path):\(row.line): \(row.fields.count) fields where the header has \(names.count)")
        return nil
      }
      return Row(
        line: row.line, fields: Dictionary(uniqueKeysWithValues: zip(names, row.fields)))
    }
  }

  private static func jsonLines(
    _ text: String, _ path: String, _ problems: inout [String]
  ) -> [Row] {
    var rows: [Row] = []
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
      do {
        rows.append(try row(JSONValue(parsing: Array(line.utf8)), line: index + 1))
      } catch {
        problems.append("\(path):\(index + 1): \(error)")
      }
    }
    return rows
  }

  private static func row(_ value: JSONValue, line: Int) throws -> Row {
    guard let members = value.object else {
      throw JobProblem("not a JSON object; write {\"input\": \"song.wav\", …}")
    }
    var row = Row(line: line)
    for (key, member) in members {
      let name = JobFields.canonical(key)
      guard row.fields[name] == nil else {
        throw JobProblem("'\(name)' stands there twice")
      }
      switch member {
      case .string(let text): row.fields[name] = text
      case .integer, .number, .bool: row.fields[name] = member.text
      case .null: break
      case .array(let items) where name == "instruction":
        let texts = items.compactMap(\.string)
        guard texts.count == items.count, !texts.isEmpty else {
          throw JobProblem("'instruction' must be a text or a list of texts")
        }
        row.instructions = texts
      default: throw JobProblem("'\(key)' must be a text or a number")
      }
    }
    return row
  }
}
