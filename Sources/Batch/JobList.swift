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

  /// The jobs of a list; inputs are found from the list's folder. Those of rows that name no
  /// instruction have none.
  /// - Parameters:
  ///   - options: what the command line says for all rows.
  ///   - problems: takes what is wrong, a line each.
  static func read(_ path: String, options: EditOptions, problems: inout [String])
    -> [JobRequest]
  {
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
    return rows.compactMap { row in
      var request = JobRequest(
        source: "\(path):\(row.line)", input: "", instructions: [], slug: "", options: options)
      if let instructions = row.instructions {
        request.instructions = instructions
        request.slug = Slug.of(instructions.joined(separator: " "))
      }
      do {
        guard row.fields["input"]?.isEmpty == false else {
          throw JobFields.Problem(text: "there is no input")
        }
        request = try JobFields.apply(row.fields, to: request)
        return located(request, from: url.deletingLastPathComponent())
      } catch {
        problems.append("\(request.source): \((error as? JobFields.Problem)?.text ?? "\(error)")")
        return nil
      }
    }
  }

  /// Finds the input beside the list; the output keeps the folders of a relative one.
  private static func located(_ request: JobRequest, from folder: URL) -> JobRequest {
    var request = request
    let input = request.input as NSString
    if !input.isAbsolutePath {
      let inside = !input.pathComponents.contains("..")
      request.folder = inside ? input.deletingLastPathComponent : ""
      if request.folder.hasPrefix("./") { request.folder.removeFirst(2) }
      if request.folder == "." { request.folder = "" }
      request.input = folder.appendingPathComponent(request.input).path
    }
    return request
  }

  private struct Row {
    let line: Int
    var fields: [String: String] = [:]
    /// Several in turn, which only JSON can say.
    var instructions: [String]?
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
        let reason = (error as? JobFields.Problem)?.text ?? "\(error)"
        problems.append("\(path):\(index + 1): \(reason)")
      }
    }
    return rows
  }

  private static func row(_ value: JSONValue, line: Int) throws -> Row {
    guard let members = value.object else {
      throw JobFields.Problem(text: "not a JSON object; write {\"input\": \"song.wav\", …}")
    }
    var row = Row(line: line)
    for (key, member) in members {
      let name = JobFields.canonical(key)
      guard row.fields[name] == nil else {
        throw JobFields.Problem(text: "'\(name)' stands there twice")
      }
      switch member {
      case .string(let text): row.fields[name] = text
      case .integer, .number, .bool: row.fields[name] = member.text
      case .null: break
      case .array(let items) where name == "instruction":
        let texts = items.compactMap(\.string)
        guard texts.count == items.count, !texts.isEmpty else {
          throw JobFields.Problem(text: "'instruction' must be a text or a list of texts")
        }
        row.instructions = texts
      default: throw JobFields.Problem(text: "'\(key)' must be a text or a number")
      }
    }
    return row
  }
}
