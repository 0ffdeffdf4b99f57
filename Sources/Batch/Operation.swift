import AudioFiles
import Editing
import Foundation
import Instructions

/// What a job does with its sound.
///
/// This is the one seam between batches and what edits: another kind of work is another case here,
/// and planning, table, retries, report and Slurm go on as they are.
enum Operation: Codable, Equatable, Sendable {
  case edit(SongEdit)

  /// For people: what is done.
  var title: String {
    switch self {
    case .edit(let edit): edit.title
    }
  }

  /// Whether another seed makes another output.
  func usesChance(_ editor: SongEditor) throws -> Bool {
    switch self {
    case .edit(let edit): try edit.usesChance(editor)
    }
  }

  /// - Throws: what would keep the operation from being done with such a sound.
  func check(_ info: AudioInfo, _ editor: SongEditor) throws {
    switch self {
    case .edit(let edit): try editor.check(edit.plan(editor), on: info, options: edit.options)
    }
  }

  /// Largest memory that it takes beside the models, bytes.
  func memory(_ info: AudioInfo, _ editor: SongEditor) throws -> Int {
    switch self {
    case .edit(let edit): try edit.memory(info, editor)
    }
  }

  /// Does it.
  /// - Parameters:
  ///   - names: what the sidecar calls output and stem.
  ///   - output: where to write; the sidecar lies beside it.
  ///   - stem: where to write the stem, if it is to be kept.
  func run(
    _ editor: SongEditor, on input: String, to output: String, stem: String?,
    names: (output: String, stem: String?), progress: ProgressHandler
  ) throws -> Outcome {
    switch self {
    case .edit(let edit):
      try edit.run(
        editor, on: input, to: output, stem: stem, names: names, progress: progress)
    }
  }

  /// What a finished operation tells.
  struct Outcome: Codable, Equatable, Sendable {
    /// False when the output is a copy of the input.
    let changed: Bool
    /// Sentences for people.
    let notes: [String]
    /// The sidecar's bytes: JSON.
    let sidecar: Data
  }
}

/// One or more instructions, done in turn on a song.
struct SongEdit: Codable, Equatable, Sendable {
  let instructions: [String]
  /// Without paths.
  let options: EditOptions

  var title: String { instructions.joined(separator: ", then ") }

  /// The steps of all instructions: they are done in one pass, nothing is rounded in between.
  func plan(_ editor: SongEditor) throws -> EditPlan {
    let plans = try instructions.map { try editor.plan($0) }
    return EditPlan(steps: plans.flatMap(\.steps), notes: plans.flatMap(\.notes))
  }

  func usesChance(_ editor: SongEditor) throws -> Bool {
    try options.method == .diffusion || plan(editor).steps.contains { $0.operation == .add }
  }

  func memory(_ info: AudioInfo, _ editor: SongEditor) throws -> Int {
    MemoryNeed.bytes(info, samples: try usesChance(editor))
  }

  func run(
    _ editor: SongEditor, on input: String, to output: String, stem: String?,
    names: (output: String, stem: String?), progress: ProgressHandler
  ) throws -> Operation.Outcome {
    var options = options
    options.saveStem = stem
    options.overwrite = true
    var report = try editor.edit(
      input, plan: plan(editor), instruction: title, to: output, options: options,
      progress: progress)
    // The files get their names later.
    report.output = names.output
    report.savedStem = names.stem
    return Operation.Outcome(changed: report.changed, notes: report.notes, sidecar: report.json)
  }
}

/// What edits take of the machine's memory, measured (docs/BATCH.md).
enum MemoryNeed {
  /// The program with all models loaded.
  static let models = 170 << 20
  /// Beside the models, for a stereo song at 44.1 kHz.
  private static let mask = 80 << 20
  private static let sampling = 120 << 20

  static func bytes(_ info: AudioInfo, samples: Bool) -> Int {
    let scale = max(1, Double(info.sampleRate * info.channelCount) / 88_200)
    return Int(Double(samples ? sampling : mask) * scale)
  }
}
