import ArgumentParser
import Batch
import Foundation

/// `aedit batch status --out DIR`
struct BatchStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how a batch stands.")

  @Option(name: [.short, .long], help: ArgumentHelp("The batch's folder.", valueName: "dir"))
  var out: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let status = try BatchStatus(folder: out)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(status), as: UTF8.self))
      return
    }
    let counts = status.jobs.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print(counts.joined(separator: ", "))
    print(status.owner.map { "worked on by \($0)" } ?? "nobody works on it; go on with --resume")
  }
}
