import ArgumentParser
import Batch
import Foundation
import Tensors

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
    for (number, tasks) in status.arrays.sorted(by: { $0.key < $1.key }) {
      let states = Dictionary(grouping: tasks, by: \.self).map { "\($0.value.count) \($0.key)" }
      print(
        "Slurm array \(number): \(states.isEmpty ? "ended" : states.sorted().joined(separator: ", "))"
      )
    }
    print(status.owner.map { "worked on by \($0)" } ?? "nobody works on it; go on with --resume")
  }
}

/// `aedit batch cancel --out DIR`
struct BatchCancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Stop a batch; what was done is kept.")

  @Option(name: [.short, .long], help: ArgumentHelp("The batch's folder.", valueName: "dir"))
  var out: String

  func run() throws {
    let stopped = try BatchCancellation.cancel(folder: out)
    if stopped.isEmpty {
      print("nothing runs there")
      throw ExitCode(Exit.nothingToDo)
    }
    for name in stopped { print("stopped: \(name)") }
  }
}

/// What a Slurm task runs: `aedit batch task --out DIR --array NAME --chunk N`
struct BatchTaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Run a part of a batch in a Slurm task.", shouldDisplay: false)

  @Option var out: String
  @Option var array: String
  @Option var chunk: Int

  func run() throws {
    let task = SlurmTask(out: out, array: array, chunk: chunk)
    if let threads = try task.settings().threads { Threads.set(threads) }
    let line = BatchLine(quiet: false)
    try task.run { line.update($0, $1) }
  }
}
