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
  case fill(SpeechFill)

  /// Operations of a kind use the same models.
  enum Kind: CaseIterable {
    case edit
    case fill
  }

  var kind: Kind {
    switch self {
    case .edit: .edit
    case .fill: .fill
    }
  }

  /// For people: what is done.
  var title: String {
    switch self {
    case .edit(let edit): edit.title
    case .fill(let fill): fill.title
    }
  }

  /// Whether there is a stem that can be kept.
  var makesStem: Bool { kind == .edit }

  /// The operation by what its output depends on: hashes of files' bytes rather than their paths.
  /// - Throws: `AudioFileError.system`
  func byContent() throws -> Operation {
    switch self {
    case .edit: self
    case .fill(let fill): .fill(try fill.byContent())
    }
  }

  /// Whether another seed makes another output.
  func usesChance(_ editors: JobEditors) throws -> Bool {
    switch self {
    case .edit(let edit): try edit.usesChance(editors.songs)
    case .fill(let fill): fill.usesChance
    }
  }

  /// - Throws: what would keep the operation from being done with such a sound.
  func check(_ info: AudioInfo, _ editors: JobEditors) throws {
    switch self {
    case .edit(let edit):
      try editors.songs.check(edit.plan(editors.songs), on: info, options: edit.options)
    case .fill(let fill): try fill.check(info, editors.speech)
    }
  }

  /// Largest memory that it takes beside the models, bytes.
  func memory(_ info: AudioInfo, _ editors: JobEditors) throws -> Int {
    switch self {
    case .edit(let edit): try edit.memory(info, editors.songs)
    case .fill: MemoryNeed.bytes(filling: info)
    }
  }

  /// Does it.
  /// - Parameters:
  ///   - names: what the sidecar calls output and stem.
  ///   - output: where to write; the sidecar lies beside it.
  ///   - stem: where to write the stem, if it is to be kept.
  ///   - listener: hears the whole sound before and after, once.
  func run(
    _ editors: JobEditors, on input: String, to output: String, stem: String?,
    names: (output: String, stem: String?), listener: SongListener?, progress: ProgressHandler
  ) throws -> Outcome {
    switch self {
    case .edit(let edit):
      try edit.run(
        editors.songs, on: input, to: output, stem: stem, names: names, listener: listener,
        progress: progress)
    case .fill(let fill):
      try fill.run(
        editors.speech, on: input, to: output, name: names.output, listener: listener,
        progress: progress)
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
    try options.method == .diffusion || plan(editor).steps.contains(where: \.operation.adds)
  }

  func memory(_ info: AudioInfo, _ editor: SongEditor) throws -> Int {
    let stems = try plan(editor).steps.map { 1 + $0.also.count }.max() ?? 1
    return MemoryNeed.bytes(info, stems: stems, samples: try usesChance(editor))
  }

  func run(
    _ editor: SongEditor, on input: String, to output: String, stem: String?,
    names: (output: String, stem: String?), listener: SongListener?, progress: ProgressHandler
  ) throws -> Operation.Outcome {
    var options = options
    options.saveStem = stem
    options.overwrite = true
    var report = try editor.edit(
      input, plan: plan(editor), instruction: title, to: output, options: options,
      progress: progress, listener: listener)
    // The files get their names later.
    report.output = names.output
    report.savedStem = names.stem
    return Operation.Outcome(changed: report.changed, notes: report.notes, sidecar: report.json)
  }
}

/// What jobs take of the machine's memory: bounds over what `Benchmarks/batch/run memory` and
/// docs/BATCH.md measure.
enum MemoryNeed {
  /// The program with all models of jobs, while the largest is being loaded: in fp32, where the
  /// processor has no bf16.
  static func models(of jobs: [PlannedJob]) -> Int {
    Set(jobs.map(\.job.operation.kind)).reduce(0) { sum, kind in
      switch kind {
      case .edit: sum + (285 << 20)
      case .fill: sum + (205 << 20)
      }
    }
  }

  /// Beside the models.
  /// - Parameters:
  ///   - stems: parts that one step takes out together.
  ///   - samples: whether something is generated.
  static func bytes(_ info: AudioInfo, stems: Int, samples: Bool) -> Int {
    let scale = scale(info)
    let megabytes = max(Double(stems) * (76 + 6 * scale), samples ? 60 + 42 * scale : 0)
    return Int(megabytes.rounded(.up)) << 20
  }

  /// Of a fill, beside the models: what the aligner hears of a recording is kept to its end.
  static func bytes(filling info: AudioInfo) -> Int {
    Int((30 + 13 * scale(info) + 4 * info.durationSeconds / 60).rounded(.up)) << 20
  }

  /// What is held of a sound grows with its samples a second; networks work at their own rate.
  private static func scale(_ info: AudioInfo) -> Double {
    Double(info.sampleRate * info.channelCount) / 88_200
  }
}
