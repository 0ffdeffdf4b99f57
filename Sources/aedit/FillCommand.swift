import ArgumentParser
import Editing
import Foundation
import Transcripts

/// `aedit fill TALK --transcript TEXT`
struct FillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill",
    abstract: "Speak what is missing from a recording, from its transcript.",
    discussion: """
      aedit fill talk.wav --transcript talk.txt --gap 1.20-1.85 --gap 7.1-7.4
      aedit fill talk.wav --transcript talk.txt --gap auto --dry-run
      aedit fill talk.wav --transcript talk.txt --replace "on Monday" "on Tuesday"
      Without --gap: where the transcript has words in [brackets], else as --gap auto.
      """)

  @Argument(help: "The recording.")
  var recording: String

  @Option(help: ArgumentHelp("What is said in it, the gaps included.", valueName: "file"))
  var transcript: String

  @Option(
    help: ArgumentHelp(
      "A gap, such as 1.20-1.85; may be given often. auto finds dropouts, repeated packets, bursts"
        + " and clipping.", valueName: "a-b"))
  var gap: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where to write. Default: talk.filled.EXT beside the recording.", valueName: "file"))
  var output: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Cut the old words and speak the new ones in their place; needs the speaker's consent.",
      valueName: "old new"))
  var replace: [String] = []

  @Flag(
    name: .customLong("i-have-consent"),
    help: "The speaker consents to words being put into their mouth (--replace).")
  var hasConsent = false

  @Option(
    help: ArgumentHelp(
      "How gaps are filled: speak (networks), continue (linear prediction from both sides) or auto, by"
        + " their length.", valueName: "how"))
  var method: FillMethod = .auto

  @Flag(help: "Show the gaps with their words and write nothing.")
  var dryRun = false

  @Option(help: "Another seed makes another noise in the voice.")
  var seed: UInt64 = 0

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func validate() throws {
    guard replace.isEmpty || replace.count == 2 else {
      throw ValidationError("--replace takes two texts, the old words and the new ones, in quotes")
    }
    guard replace.isEmpty || (gap.isEmpty && !dryRun) else {
      throw ValidationError("--replace finds its place by itself; leave --gap and --dry-run out")
    }
  }

  func run() throws {
    if !replace.isEmpty { try confirmConsent() }
    models.prepare()
    let text = try Transcript(path: transcript)
    var options = FillOptions(gaps: try FillOptions.Gaps(gap) ?? FillOptions.Gaps(markedIn: text))
    options.seed = seed
    options.method = method
    options.overwrite = results.force
    let editor = try SpeechEditor(model: models.folder, precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    if dryRun {
      let gaps = try editor.gaps(recording, transcript: text, options: options) { line.update($0) }
      line.finish()
      try show(gaps)
      return
    }
    let report =
      try replace.isEmpty
      ? editor.fill(recording, transcript: text, to: output, options: options) { line.update($0) }
      : editor.replace(
        replace[0], by: replace[1], in: recording, transcript: text, to: output, options: options
      ) { line.update($0) }
    line.finish()
    if results.json {
      print(String(decoding: report.json, as: UTF8.self), terminator: "")
    } else if !results.quiet {
      for note in report.notes { print(note) }
      print(report.output + (report.changed ? "" : " (an unchanged copy: nothing to fill)"))
    }
    if !report.changed { throw ExitCode(Exit.nothingToDo) }
  }

  /// - Throws: `ValidationError` unless the user says that the speaker consents.
  private func confirmConsent() throws {
    if hasConsent { return }
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      throw ValidationError(
        "--replace puts words into somebody's mouth: give --i-have-consent if the speaker agrees")
    }
    FileHandle.standardError.write(
      Data("This puts words into somebody's mouth. Does the speaker consent? [y/N] ".utf8))
    guard let answer = readLine()?.lowercased(), ["y", "yes"].contains(answer) else {
      throw ValidationError("nothing was done without the speaker's consent")
    }
  }

  private func show(_ gaps: [GapReport]) throws {
    if results.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(gaps), as: UTF8.self))
    } else if !results.quiet {
      print(gaps.isEmpty ? "no damage found" : gaps.map(\.line).joined(separator: "\n"))
    }
  }
}

extension FillMethod: ExpressibleByArgument {}
