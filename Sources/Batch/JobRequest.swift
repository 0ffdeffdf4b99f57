import Editing
import Foundation

/// A job as it is asked for, before anything is checked.
struct JobRequest: Equatable {
  /// What is to be done with an input.
  enum Work: Equatable {
    /// Instructions, in turn; `slug` stands for them in file names.
    case edit([String], slug: String)
    /// Gaps are filled from a transcript: its path.
    case fill(transcript: String)

    var slug: String {
      switch self {
      case .edit(_, let slug): slug
      case .fill: "filled"
      }
    }

    /// The same for one input: the transcript is the one of its name.
    /// - Throws: ``JobProblem``
    func found(beside input: String) throws -> Work {
      guard case .fill(let template) = self else { return self }
      let place = URL(fileURLWithPath: input)
      let path = try OutputName.fill(
        "transcript", template, ["stem": place.deletingPathExtension().lastPathComponent])
      return .fill(transcript: InputFiles.path(path, from: place.deletingLastPathComponent()))
    }
  }

  /// For messages: "jobs.csv:7", or the input itself.
  let source: String
  let input: String
  /// The part of the input's folders that the output keeps, "" for none.
  let folder: String
  let work: Work
  /// Of an edit; a fill has the seed alone.
  var options: EditOptions
  /// Of a fill; nil for what the transcript marks, or else damage that is found.
  var gaps: FillOptions.Gaps?
  var fillMethod: FillMethod
  /// Output name or template of this job alone.
  var output: String?
  /// Name of the stem to keep, in the output folder.
  var stem: String?

  /// A job as the command line has it.
  init(source: String, input: InputFile, work: Work, of batch: BatchRequest) {
    self.source = source
    (self.input, folder) = (input.path, input.folder)
    self.work = work
    (options, gaps, fillMethod) = (batch.options, batch.gaps, batch.fillMethod)
  }

  static let nothingToDo = JobProblem(
    "nothing to do; give --instruction \"…\", --recipe FILE or --transcript FILE")

  func operation(seed: UInt64) -> Operation {
    switch work {
    case .edit(let instructions, _):
      var options = options
      options.seed = seed
      return .edit(SongEdit(instructions: instructions, options: options))
    case .fill(let transcript):
      return .fill(
        SpeechFill(transcript: transcript, gaps: gaps, method: fillMethod, seed: seed))
    }
  }
}

/// What is wrong with a job, in words.
struct JobProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The fields of a job list's row, or what the command line says for all.
struct JobFields {
  /// A single edit's and fill's options, by the names they have on the command line.
  static let names = [
    "input", "instruction", "transcript", "output", "region", "gap", "seed", "steps", "guidance",
    "takes", "negative", "chords", "strength", "method", "headroom", "save-stem",
  ]
  private static let ofFills: Set = ["gap"]
  private static let ofEdits: Set = [
    "region", "steps", "guidance", "takes", "negative", "chords", "strength", "headroom",
    "save-stem",
  ]

  /// The name of a column as ``names`` has it: `Save_Stem` is `save-stem`.
  static func canonical(_ name: String) -> String {
    name.trimmingCharacters(in: .whitespaces).lowercased().replacing("_", with: "-")
      .replacing(" ", with: "-")
  }

  /// Puts a row's fields over what the command line says for all rows.
  /// - Parameter fields: texts by canonical name, but for the input and what is to be done; empty
  ///   ones count as absent.
  /// - Throws: ``JobProblem``, or `EditError` for a region or gap.
  static func apply(_ fields: [String: String], to request: JobRequest) throws -> JobRequest {
    var request = request
    let isFill = if case .fill = request.work { true } else { false }
    for (name, text) in fields.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
      guard !(isFill ? ofEdits : ofFills).contains(name) else {
        throw JobProblem(
          "\(name) '\(text)': means nothing \(isFill ? "with a transcript" : "for an instruction")")
      }
      switch name {
      case "output": request.output = text
      case "save-stem": request.stem = text
      case "region": request.options.region = try TimeRange(text)
      case "gap":
        request.gaps = try FillOptions.Gaps(text.split(separator: " ").map(String.init))
      case "seed": request.options.seed = try number(name, text, "a whole number")
      case "steps": request.options.steps = try number(name, text, "a whole number") as Int
      case "guidance": request.options.guidance = try number(name, text, "a number") as Double
      case "takes": request.options.takes = try number(name, text, "a whole number") as Int
      case "strength": request.options.strength = try number(name, text, "a number")
      case "negative": request.options.negative = text
      case "chords": request.options.chords = text
      case "method" where isFill: request.fillMethod = try choice(name, text)
      case "method": request.options.method = try choice(name, text)
      case "headroom": request.options.headroom = try truth(name, text)
      default:
        throw JobProblem("unknown column '\(name)'; known: \(names.joined(separator: ", "))")
      }
    }
    return request
  }

  private static func number<Number: LosslessStringConvertible>(
    _ name: String, _ text: String, _ kind: String
  ) throws -> Number {
    guard let value = Number(text) else {
      throw JobProblem("\(name) '\(text)': must be \(kind)")
    }
    return value
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ text: String
  ) throws -> Choice {
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw JobProblem("\(name) '\(text)': must be one of \(known)")
    }
    return choice
  }

  private static func truth(_ name: String, _ text: String) throws -> Bool {
    switch text.lowercased() {
    case "true", "yes", "1": true
    case "false", "no", "0": false
    default: throw JobProblem("\(name) '\(text)': must be true or false")
    }
  }
}
