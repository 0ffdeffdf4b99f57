import ArgumentParser
import AudioFiles
import Editing
import Foundation
import Pictures

/// `aedit spectrogram SONG [AFTER] -o x.png`
struct SpectrogramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrogram",
    abstract: "Draw a mel spectrogram, or one before, one after and what changed.")

  @Argument(help: "A sound.")
  var song: String

  @Argument(help: "The same sound after an edit.")
  var after: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The picture. Default: the last sound's name with .png.", valueName: "file"))
  var output: String?

  @Flag(help: "Replace a file that exists.")
  var force = false

  func run() throws {
    let path = output ?? ((after ?? song) as NSString).deletingPathExtension + ".png"
    guard path.lowercased().hasSuffix(".png") else {
      throw ValidationError("\(path): pictures are written as .png")
    }
    if !force, FileManager.default.fileExists(atPath: path) { throw EditError.exists(path: path) }
    let before = try AudioReader(path: song)
    let first = try panel(before)
    guard let after else {
      try SpectrogramPicture.draw(first).writePNG(to: path)
      print(path)
      return
    }
    let second = try AudioReader(path: after)
    guard second.info.sampleRate == before.info.sampleRate,
      second.info.frameCount == before.info.frameCount
    else {
      throw ValidationError("\(song) and \(after) differ in length or sample rate")
    }
    try SpectrogramPicture.draw(before: first, after: panel(second)).writePNG(to: path)
    print(path)
  }

  private func panel(_ reader: AudioReader) throws -> SpectrogramPanel {
    let info = reader.info
    var panel = try SpectrogramPanel(
      title: (reader.path as NSString).lastPathComponent, sampleRate: info.sampleRate,
      sampleCount: info.frameCount)
    while reader.position < info.frameCount { panel.push(try reader.read(frames: 65536).mono()) }
    panel.finish()
    return panel
  }
}
