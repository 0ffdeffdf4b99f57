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

  @Flag(help: "Show the gaps with their words and write nothing.")
  var dryRun = false

  @Option(help: "Another seed makes another noise in the voice.")
  var seed: UInt64 = 0

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func run() throws {
    models.prepare()
    let text = try Transcript(path: transcript)
    var options = FillOptions(gaps: try gaps(text))
    options.seed = seed
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
    let report = try editor.fill(recording, transcript: text, to: output, options: options) {
      line.update($0)
    }
    line.finish()
    if results.json {
      print(String(decoding: report.json, as: UTF8.self), terminator: "")
    } else if !results.quiet {
      for gap in report.gaps { print(gap.line) }
      for warning in report.warnings { print("note: \(warning)") }
      print(report.output + (report.changed ? "" : " (an unchanged copy: nothing to fill)"))
    }
    if !report.changed { throw ExitCode(Exit.nothingToDo) }
  }

  private func gaps(_ text: Transcript) throws -> FillOptions.Gaps {
    if gap.contains("auto") {
      guard gap.count == 1 else {
        throw ValidationError("--gap auto finds all gaps; give it alone, or the gaps themselves")
      }
      return .automatic
    }
    if gap.isEmpty { return text.words.contains(where: \.isMissing) ? .marked : .automatic }
    return .given(try gap.map { try TimeRange($0) })
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

extension GapReport {
  /// "1.200-1.850  dropout  to order".
  fileprivate var line: String {
    let place = "\(startSeconds.formatted(3))-\(endSeconds.formatted(3))"
    let said = isFilled ? words.joined(separator: " ") : "nothing is said there; left as it is"
    return "\(place)  \(kind.rawValue)  \(said)"
  }
}
