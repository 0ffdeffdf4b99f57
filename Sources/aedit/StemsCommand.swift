import ArgumentParser
import Editing
import Foundation

/// `aedit stems SONG -o DIR`
struct StemsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stems",
    abstract: "Split a song into all stems and the rest, which sum to the song exactly.")

  @Argument(help: "The song.")
  var song: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("Folder for the stems.", valueName: "dir"))
  var output: String

  @OptionGroup var models: ModelOptions

  @OptionGroup var loras: LoRAOptions

  @OptionGroup var results: ResultOptions

  func run() throws {
    models.prepare()
    let editor = try SongEditor(
      model: models.folder, loras: loras.files, precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    let stems = try editor.stems(of: song, into: output, overwrite: results.force) {
      line.update($0)
    }
    line.finish()
    if results.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(stems), as: UTF8.self))
    } else if !results.quiet {
      for stem in stems {
        let loudness = stem.loudnessLUFS.map { ", \($0.formatted(1)) LUFS" } ?? ""
        print(stem.path.map { $0 + loudness } ?? "\(stem.name): not found in the song")
      }
    }
  }
}
