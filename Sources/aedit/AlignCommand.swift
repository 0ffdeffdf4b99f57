import ArgumentParser
import Editing
import Foundation
import Transcripts

/// `aedit align TALK --transcript TEXT -o TIMES`
struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align",
    abstract: "Find where each word of a transcript is said in a recording.",
    discussion: """
      aedit align talk.wav --transcript talk.txt -o talk.TextGrid
      Transcripts: plain text, recognisers' JSON, SRT, WebVTT, CTM, TextGrid.
      """)

  @Argument(help: "The recording.")
  var recording: String

  @Option(help: ArgumentHelp("What is said in it.", valueName: "file"))
  var transcript: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where to write: .TextGrid, .srt, .vtt, .ctm or .json. Default: TextGrid beside the recording.",
      valueName: "file"))
  var output: String?

  @Flag(help: "Give times even where the words do not fit the sound.")
  var anyway = false

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func run() throws {
    models.prepare()
    let path = output ?? (recording as NSString).deletingPathExtension + ".TextGrid"
    try SpeechEditor.checkTimesPath(
      path, inputs: [recording, transcript], overwrite: results.force)
    let text = try Transcript(path: transcript)
    let editor = try SpeechEditor(model: models.folder, precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    let (times, warning) = try editor.align(recording, to: text, force: anyway) {
      line.update($0)
    }
    try SpeechEditor.write(times, of: recording, to: path)
    line.finish()
    if let warning, !results.quiet {
      FileHandle.standardError.write(Data("note: the transcript: \(warning)\n".utf8))
    }
    if results.json {
      print(times.text(as: .json, name: recording), terminator: "")
    } else if !results.quiet {
      print(path)
    }
  }
}
