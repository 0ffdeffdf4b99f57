import ArgumentParser
import Editing
import Foundation

/// `aedit chords SONG`
struct ChordsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chords",
    abstract: "Tell a song's bars and chords, as added stems follow them and --chords takes them.")

  @Argument(help: "The song.")
  var song: String

  @OptionGroup var models: ModelOptions

  @Flag(help: "Print the bars as JSON.")
  var json = false

  /// Bars of a printed line.
  private static let barsPerLine = 8

  func run() throws {
    models.prepare()
    let bars = try SongEditor(model: models.folder, precision: models.precision).bars(of: song)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(bars), as: UTF8.self))
      return
    }
    guard !bars.isEmpty else {
      print("no steady beat was found")
      return
    }
    for start in stride(from: 0, to: bars.count, by: Self.barsPerLine) {
      let line = bars[start..<min(start + Self.barsPerLine, bars.count)]
      let seconds = Int(line[start].startSeconds.rounded(.down))
      let time = "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
      print(
        time.padding(toLength: 8, withPad: " ", startingAt: 0)
          + line.map(\.chord).joined(separator: " "))
    }
  }
}
