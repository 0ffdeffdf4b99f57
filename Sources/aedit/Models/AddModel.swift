import ArgumentParser
import Checkpoints
import Editing
import Foundation

/// `aedit models check`
struct CheckModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read every tensor of a model or weight file; change nothing.")

  @Argument(help: "Model folder, weight file, tokenizer.json or other JSON file of a model.")
  var path: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws { try ModelReport(checking: path).print(json: json) }
}

/// `aedit models add`
struct AddModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Install a model folder or weight file where it lies, after checking it.",
    discussion: """
      Known folders: diffusers (model_index.json), transformers (config.json), Amphion experiments
      (args.json, checkpoints/), packages of aedit (model.json). The entry refers to the files; they
      are neither copied nor changed.
      """)

  @Argument(help: "Model folder or weight file.")
  var path: String

  @OptionGroup var place: InstallPlace

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let given = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    let name = place.name ?? given
    let parent = try place.folder()
    _ = try PackageEntry.vacancy(for: name, in: parent, replacing: place.force)
    let report = try ModelReport(checking: path)
    let entry = try PackageEntry.write(
      try report.manifest(naming: true), as: name, in: parent, replacing: place.force)
    try report.print(json: json)
    if !json { Swift.print("installed as \(name): \(entry)") }
  }
}

/// Where a package is installed, and as what.
struct InstallPlace: ParsableArguments {
  @Option(help: ArgumentHelp("Name of the package.", valueName: "name"))
  var name: String?

  @Option(
    name: .customLong("into"),
    help: ArgumentHelp(
      "Folder of packages (default: aedit/models in XDG_DATA_HOME or ~/.local/share).",
      valueName: "dir"))
  var parent: String?

  @Flag(help: "Replace an entry of that name.")
  var force = false

  func folder() throws -> String {
    guard let folder = parent ?? ModelStore.userFolder() else {
      throw ValidationError("no home folder to install in; name one with --into DIR")
    }
    return URL(fileURLWithPath: folder).standardizedFileURL.path
  }
}

/// What a check found, for a person or a program.
struct ModelReport: Encodable {
  let kind: String
  let folder: String
  let licence: String
  let parts: [PartReport]

  private enum Model {
    case published(PublishedModel)
    case package(ModelPackage)
    /// One file of JSON.
    case none
  }
  private let model: Model
  private enum CodingKeys: String, CodingKey { case kind, folder, licence, parts }

  init(checking path: String) throws {
    if FileManager.default.fileExists(atPath: path + "/model.json") {
      let package = try ModelPackage(folder: path)
      (kind, folder, licence) = (package.kind, package.source, package.licence)
      parts = try ModelCheck.check(package)
      model = .package(package)
      return
    }
    if path.hasSuffix(".json"), !path.hasSuffix(".index.json") {
      try ModelCheck.checkSmallFile(path)
      (kind, folder, licence, parts) = ("JSON file", path, "unknown", [])
      model = .none
      return
    }
    let found = try PublishedModel(path: path)
    (kind, folder, licence) = (found.kind, found.folder, found.licence)
    parts = try ModelCheck.check(found)
    model = .published(found)
  }

  /// The `model.json` of an entry for it.
  ///
  /// - Parameter naming: whether it names the folder of the files, as an entry elsewhere must.
  func manifest(naming: Bool) throws -> JSONValue {
    switch model {
    case .published(let model): return try model.manifest(namesFolder: naming)
    case .package(let package): return package.manifest(namesFolder: naming)
    case .none:
      throw CheckpointError.unsupported(
        file: folder, what: "is no model", hint: "name the folder that it lies in")
    }
  }

  func print(json: Bool) throws {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
      return
    }
    Swift.print("\(kind), licence: \(licence)\n  \(folder)")
    for part in parts { Swift.print("  " + Self.line(part)) }
  }

  private static func line(_ part: PartReport) -> String {
    var text = "\(part.name) (\(part.className))"
    guard part.tensors > 0 else { return text }
    let millions = (Double(part.parameters) / 1e5).rounded() / 10
    text += ": \(part.tensors) tensors, \(millions) M numbers, \(part.types.joined(separator: " "))"
    switch part.namesFit {
    case true?: text += "; names and shapes fit the config"
    case false?, nil: text += "; names not compared: no network of this class"
    }
    if !part.notBuilt.isEmpty {
      text += "; not built: \(part.notBuilt.prefix(4).joined(separator: ", "))"
    }
    return text
  }
}
