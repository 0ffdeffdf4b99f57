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

  @Option(help: ArgumentHelp("Edit only this stretch, such as 0:12-0:20.", valueName: "a-b"))
  var region: TimeRange?

  @Option(help: "Another seed makes another stem (add).")
  var seed: UInt64 = 0

  @Option(help: "Sampling steps (add).")
  var steps: Int?

  @Option(help: ArgumentHelp("Weight of the instruction (add).", valueName: "x"))
  var guidance: Double?

  @Option(help: ArgumentHelp("What the new stem shall not sound like (add).", valueName: "text"))
  var negative: String?

  @Option(
    help: ArgumentHelp(
      "Level of an added stem (1 as made); share that is removed or extracted.", valueName: "x"))
  var strength: Double = 1

  @Option(help: "mask, diffusion or auto: masks for remove and extract, diffusion for add.")
  var method: EditMethod = .auto

  @Option(help: ArgumentHelp("Write the stem as 32-bit float WAV.", valueName: "file"))
  var saveStem: String?

  @Flag(help: "Lower the whole song, not the stem, where the sum would clip.")
  var headroom = false

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func run() throws {
    models.prepare()
    let editor = try SongEditor(model: models.folder, precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    let report = try editor.edit(song, instruction, to: output, options: options) {
      line.update($0)
    }
    line.finish()
    if results.json {
      print(String(decoding: report.json, as: UTF8.self), terminator: "")
    } else if !results.quiet {
      print(report.summary)
    }
    if !report.changed { throw ExitCode(Exit.nothingToDo) }
  }

  private var options: EditOptions {
    var options = EditOptions()
    options.seed = seed
    options.steps = steps
    options.guidance = guidance
    options.negative = negative
    options.strength = strength
    options.region = region
    options.method = method
    options.headroom = headroom
    options.saveStem = saveStem
    options.overwrite = results.force
    return options
  }
}

extension EditReport {
  /// For people: a line for each step, what to know, and where the result is.
  var summary: String {
    var lines = steps.map(\.summary) + warnings.map { "note: \($0)" }
    if clippedSamples > 0 {
      lines.append(
        "note: samples that pass full scale and were held at it: \(clippedSamples); try --headroom")
    }
    if headroomGain < 1 {
      let lowered = -20 * log10(headroomGain)
      lines.append("the whole song was lowered by \(lowered.formatted(1)) dB")
    }
    if let savedStem { lines.append("stem: \(savedStem) (\(formula))") }
    lines.append(changed ? output : "\(output) (an unchanged copy of the song)")
    return lines.joined(separator: "\n")
  }
}

extension StepReport {
  fileprivate var summary: String {
    guard audible else {
      let sure =
        presence.map { " (\(Int(($0 * 100).rounded()))% sure that the song has any)" } ?? ""
      return "\(operation) the \(target): nothing that could be heard\(sure)"
    }
    let verb = ["add": "added", "remove": "removed"][operation] ?? "kept only"
    var line = "\(verb) the \(target)"
    if let stemLUFS, let songLUFS {
      let relative = stemLUFS - songLUFS + (operation == "add" ? gainDB : 0)
      line += ", \(abs(relative).formatted(1)) LU \(relative < 0 ? "under" : "over") the song"
    }
    if loweredDB < 0 {
      line += ", lowered by \((-loweredDB).formatted(1)) dB to keep the sum under full scale"
    }
    if method == EditMethod.diffusion.rawValue, operation != "add" {
      line += "; re-synthesised in mono by the model, not the recording itself"
    }
    return line
  }
}

extension Double {
  /// With so many decimals.
  func formatted(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}
