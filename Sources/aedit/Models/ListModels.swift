import ArgumentParser
import Checkpoints
import Foundation

/// `aedit models`
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List, check, install and fetch model packages.",
    subcommands: [ListModels.self, CheckModel.self, AddModel.self, PullModel.self],
    defaultSubcommand: ListModels.self)
}

/// `aedit models list`
struct ListModels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List installed model packages and check their files.")

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp("Folder of a model package, or of several.", valueName: "dir"))
  var folder: String?

  @Flag(help: "Print JSON.")
  var json = false

  private struct Entry: Encodable {
    let name: String
    let kind: String?
    let version: String?
    let licence: String?
    let folder: String
    let megabytes: Double?
    let problem: String?
  }

  func run() throws {
    let store = try ModelStore(model: folder)
    let entries =
      store.packages.map(Self.entry)
      + store.broken.map {
        Entry(
          name: ($0.folder as NSString).lastPathComponent, kind: nil, version: nil, licence: nil,
          folder: $0.folder, megabytes: nil, problem: "\($0.error)")
      }
    if entries.isEmpty {
      throw CheckpointError.notInstalled(model: "any", searched: store.searched)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(entries), as: UTF8.self))
    } else {
      for entry in entries { print(Self.line(entry)) }
    }
    if entries.contains(where: { $0.problem != nil }) { throw ExitCode(Exit.failure) }
  }

  private static func entry(_ package: ModelPackage) -> Entry {
    var problem: String?
    do { try package.verify() } catch { problem = "\(error)" }
    let bytes = package.hashes.keys.reduce(0) { sum, file in
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: package.source + "/" + file)
      return sum + ((attributes?[.size] as? Int) ?? 0)
    }
    return Entry(
      name: package.name, kind: package.kind, version: package.version, licence: package.licence,
      folder: package.source, megabytes: (Double(bytes) / 1e5).rounded() / 10, problem: problem)
  }

  private static func line(_ entry: Entry) -> String {
    var text = entry.name
    if let kind = entry.kind, let version = entry.version { text += " (\(kind) \(version))" }
    if let megabytes = entry.megabytes { text += ", \(megabytes) MB" }
    if let licence = entry.licence { text += ", licence: \(licence)" }
    return text + "\n  \(entry.folder)\n  " + (entry.problem ?? "all files as they should be")
  }
}
