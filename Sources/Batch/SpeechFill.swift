import AudioFiles
import Editing
import Transcripts

/// A recording's gaps, filled from its transcript.
struct SpeechFill: Codable, Equatable, Sendable {
  /// Absolute path; what ``byContent()`` gives has the hash of the file's bytes here.
  var transcript: String
  /// Nil for those that the transcript marks, or else damage that is found.
  let gaps: FillOptions.Gaps?
  let method: FillMethod
  let seed: UInt64

  var title: String { "fill gaps from \(transcript)" }

  /// What is continued from both sides is the same with any seed.
  var usesChance: Bool { method != .continue }

  /// - Throws: `AudioFileError.system`
  func byContent() throws -> SpeechFill {
    var fill = self
    fill.transcript = try ContentHash.ofFile(transcript)
    return fill
  }

  /// - Throws: `TranscriptError`, `EditError`
  func check(_ info: AudioInfo, _ editor: SpeechEditor) throws {
    try editor.check(options(Transcript(path: transcript)), on: info)
  }

  private func options(_ text: Transcript) -> FillOptions {
    var options = FillOptions(gaps: gaps ?? .init(markedIn: text))
    (options.method, options.seed, options.overwrite) = (method, seed, true)
    return options
  }

  func run(
    _ editor: SpeechEditor, on input: String, to output: String, name: String,
    listener: SongListener?, progress: ProgressHandler
  ) throws -> Operation.Outcome {
    let text = try Transcript(path: transcript)
    var report = try editor.fill(
      input, transcript: text, to: output, options: options(text), progress: progress,
      listener: listener)
    // The file gets its name later.
    report.output = name
    return Operation.Outcome(changed: report.changed, notes: report.notes, sidecar: report.json)
  }
}
