import ArgumentParser
import Checkpoints
import Downloads
import Editing
import Foundation

/// `aedit models pull`
struct PullModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch a model from a hub, check and install it.",
    discussion: """
      Short names: \(HubModel.known.keys.sorted().joined(separator: ", ")). A transfer that was cut \
      off goes on when the command is given again.
      """)

  @Argument(help: "Short name, OWNER/NAME of the hub, or https address of one weight file.")
  var model: String

  @OptionGroup var place: InstallPlace

  @Option(help: ArgumentHelp("Where the hub is (or AEDIT_HUB).", valueName: "url"))
  var hub: String?

  @Option(help: "Revision of the model: branch, tag or commit.")
  var revision = "main"

  @Option(
    name: .customLong("max-size"),
    help: ArgumentHelp("Largest sum of all files, in MB.", valueName: "mb"))
  var maxMegabytes = 8000

  @Option(help: ArgumentHelp("What the one file of an address must have.", valueName: "hex"))
  var sha256: String?

  @Option(
    name: .customLong("ca-file"),
    help: ArgumentHelp("Certificates to trust instead of the system's.", valueName: "pem"))
  var certificates: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    guard (1...1_000_000).contains(maxMegabytes) else {
      throw ValidationError("--max-size \(maxMegabytes): must be 1 to 1000000")
    }
    let isAddress = model.contains("://")
    if let sha256 {
      guard isAddress else { throw ValidationError("--sha256 goes with the address of one file") }
      guard sha256.utf8.count == 64, sha256.allSatisfy(\.isHexDigit) else {
        throw ValidationError("--sha256 must be 64 hex digits")
      }
    }
  }

  private var maxBytes: Int { maxMegabytes * 1_000_000 }

  func run() throws {
    let parent = try place.folder()
    if model.contains("://") {
      try pull(address: model, into: parent)
    } else {
      let address = hub ?? ProcessInfo.processInfo.environment["AEDIT_HUB"] ?? HubModel.hub
      try pull(
        try HubModel(model, revision: revision, hub: address, certificates: certificates),
        into: parent)
    }
  }

  private func pull(_ model: HubModel, into parent: String) throws {
    let name = place.name ?? model.packageName
    let folder = try Self.scratch(name, parent, force: place.force)
    let files = try model.files(using: folder)
    let total = files.reduce(0) { $0 + $1.bytes }
    guard total <= maxBytes else {
      throw DownloadError.hub(
        model: model.id,
        problem: "its files have \(total / 1_000_000) MB, over --max-size \(maxMegabytes)")
    }
    for file in files where !FileManager.default.fileExists(atPath: folder + "/" + file.path) {
      say("\(file.path), \(file.bytes) bytes")
      _ = try model.download(file, into: folder, maxBytes: maxBytes).run()
    }
    try install(folder, as: name, in: parent, path: folder)
  }

  private func pull(address: String, into parent: String) throws {
    let file = URL(string: address)?.lastPathComponent ?? ""
    guard ModelPackage.isSafePath(file), file.contains(".") else {
      throw DownloadError.address(address, reason: "it does not end in the name of a file")
    }
    let name = place.name ?? String(file.prefix { $0 != "." })
    let folder = try Self.scratch(name, parent, force: place.force)
    let path = folder + "/" + file
    if !FileManager.default.fileExists(atPath: path) {
      say(file)
      let hash = try Download(
        url: address, path: path, maxBytes: maxBytes, sha256: sha256?.lowercased(),
        certificates: certificates
      ).run()
      say("sha256 \(hash)")
    }
    try install(folder, as: name, in: parent, path: path)
  }

  /// The folder in which files gather until all are there; it stays for a later call.
  private static func scratch(_ name: String, _ parent: String, force: Bool) throws -> String {
    _ = try PackageEntry.vacancy(for: name, in: parent, replacing: force)
    let folder = parent + "/.\(name).download"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw DownloadError.disk(path: folder, reason: "the folder cannot be made")
    }
    return folder
  }

  private func install(_ folder: String, as name: String, in parent: String, path: String) throws {
    let report = try ModelReport(checking: path)
    try PackageEntry.write(try report.manifest(naming: false), into: folder)
    let entry = try PackageEntry.vacancy(for: name, in: parent, replacing: place.force)
    try? FileManager.default.removeItem(atPath: entry)
    guard rename(folder, entry) == 0 else {
      throw DownloadError.disk(path: entry, reason: String(cString: strerror(errno)))
    }
    if !quiet {
      try report.print(json: false)
      print("installed as \(name): \(entry)")
    }
  }

  private func say(_ line: String) {
    if !quiet { FileHandle.standardError.write(Data("fetching \(line)\n".utf8)) }
  }
}
