import ArgumentParser
import Editing
import Foundation

/// `aedit SONG "INSTRUCTION"`
struct EditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Edit a song by instruction (the default).",
    discussion: """
      aedit song.wav "add a guitar"
      aedit song.mp3 "get rid of the drums from 0:30 to 1:00" -o quiet.flac
      aedit song.flac "only the piano" --save-stem piano.wav
      """)

  @Argument(help: "The song: WAV, FLAC, AIFF, Ogg, Opus, MP3, M4A …")
  var song: String

  @Argument(help: "What to do, in your own words.")
  var instruction: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where to write; its ending says the format. Default: song.edited.EXT beside the song.",
      valueName: "file"))
  var output: String?

  @OptionGroup var settings: EditSettings

  @Option(help: "mask, diffusion or auto: masks for remove and extract, diffusion for add.")
  var method: EditMethod = .auto

  @Option(help: ArgumentHelp("Write the stem as 32-bit float WAV.", valueName: "file"))
  var saveStem: String?

  @OptionGroup var models: ModelOptions

  @OptionGroup var loras: LoRAOptions

  @OptionGroup var results: ResultOptions

  func run() throws {
    models.prepare()
    let editor = try SongEditor(
      model: models.folder, loras: loras.files, precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    let report = try editor.edit(song, instruction, to: output, options: options) {
      line.update($0)
    }
    line.finish()
    try results.show(report)
  }

  private var options: EditOptions {
    var options = settings.options
    options.method = method
    options.saveStem = saveStem
    options.overwrite = results.force
    return options
  }
}

extension EditMethod: ExpressibleByArgument {}

extension ResultOptions {
  /// Prints what an edit did.
  /// - Throws: the exit code of an edit that changed nothing.
  func show(_ report: EditReport) throws {
    if json {
      print(String(decoding: report.json, as: UTF8.self), terminator: "")
    } else if !quiet {
      print(report.summary)
    }
    if !report.changed { throw ExitCode(Exit.nothingToDo) }
  }
}

extension EditReport {
  /// For people: what was done, what to know, and where the result is.
  fileprivate var summary: String {
    var lines = notes
    if let savedStem { lines.append("stem: \(savedStem) (\(formula))") }
    lines.append(changed ? output : "\(output) (an unchanged copy of the song)")
    return lines.joined(separator: "\n")
  }
}

extension Double {
  /// With so many decimals.
  func formatted(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}
