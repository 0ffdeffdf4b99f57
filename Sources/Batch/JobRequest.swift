import Editing
import Foundation

/// A job as it is asked for, before anything is checked.
struct JobRequest: Equatable {
  /// For messages: "jobs.csv:7", or the input itself.
  var source: String
  var input: String
  /// The part of the input's folders that the output keeps, "" for none.
  var folder = ""
  /// Done in turn on the song.
  var instructions: [String]
  /// What stands for the instructions in file names.
  var slug: String
  var options: EditOptions
  /// Output name or template of this job alone.
  var output: String?
  /// Name of the stem to keep, in the output folder.
  var stem: String?
}

/// The fields of a job list's row, or what the command line says for all.
struct JobFields {
  /// A single edit's options, by the names they have on the command line.
  static let names = [
    "input", "instruction", "output", "region", "seed", "steps", "guidance", "takes", "negative",
    "strength", "method", "headroom", "save-stem",
  ]

  /// The name of a column as ``names`` has it: `Save_Stem` is `save-stem`.
  static func canonical(_ name: String) -> String {
    name.trimmingCharacters(in: .whitespaces).lowercased().replacing("_", with: "-")
      .replacing(" ", with: "-")
  }

  struct Problem: Error {
    let text: String
  }

  /// Puts a row's fields over what the command line says for all rows.
  /// - Parameter fields: texts by canonical name; empty ones count as absent.
  /// - Throws: ``Problem``, or `EditError` for a region.
  static func apply(_ fields: [String: String], to request: JobRequest) throws -> JobRequest {
    var request = request
    for (name, text) in fields.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
      switch name {
      case "input": request.input = text
      case "instruction":
        request.instructions = [text]
        request.slug = Slug.of(text)
      case "output": request.output = text
      case "save-stem": request.stem = text
      case "region": request.options.region = try TimeRange(text)
      case "seed": request.options.seed = try number(name, text, "a whole number")
      case "steps": request.options.steps = try number(name, text, "a whole number") as Int
      case "guidance": request.options.guidance = try number(name, text, "a number") as Double
      case "takes": request.options.takes = try number(name, text, "a whole number") as Int
      case "strength": request.options.strength = try number(name, text, "a number")
      case "negative": request.options.negative = text
      case "method":
        guard let method = EditMethod(rawValue: text) else {
          let known = EditMethod.allCases.map(\.rawValue).joined(separator: ", ")
          throw Problem(text: "method '\(text)': must be one of \(known)")
        }
        request.options.method = method
      case "headroom": request.options.headroom = try truth(name, text)
      default:
        throw Problem(text: "unknown column '\(name)'; known: \(names.joined(separator: ", "))")
      }
    }
    return request
  }

  private static func number<Number: LosslessStringConvertible>(
    _ name: String, _ text: String, _ kind: String
  ) throws -> Number {
    guard let value = Number(text) else {
      throw Problem(text: "\(name) '\(text)': must be \(kind)")
    }
    return value
  }

  private static func truth(_ name: String, _ text: String) throws -> Bool {
    switch text.lowercased() {
    case "true", "yes", "1": true
    case "false", "no", "0": false
    default: throw Problem(text: "\(name) '\(text)': must be true or false")
    }
  }
}
