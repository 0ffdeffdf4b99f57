import Checkpoints
import FoundationEssentials

/// Where a published text-to-audio model lies, and what is known of its files.
public struct TextToAudioPackage: Sendable {
  public let name: String
  public let version: String
  public let licence: String
  /// SHA-256 by file name; nil until ``hashed()``.
  public let hashes: [String: String]?
  /// The folder of the files.
  public let folder: String
  private let published: PublishedModel

  /// Finds a model by the folder of its files, the folder of an installed entry, or the name of an
  /// installed entry.
  ///
  /// - Throws: `CheckpointError` for what is none.
  public init(_ place: String) throws {
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
    var entry: ModelPackage?
    if exists, FileManager.default.fileExists(atPath: place + "/model.json") {
      entry = try ModelPackage(folder: place)
    } else if !exists, !place.contains("/") {
      entry = try ModelStore().packages.first { $0.name == place }
    }
    guard exists && isFolder || entry != nil else {
      throw CheckpointError.unreadable(
        file: place, reason: "there is no such folder, nor an installed model of that name")
    }
    var files = entry?.source ?? place
    var model = try PublishedModel(path: files)
    if model.kind == "Amphion AudioLDM" {
      // One experiment: the other parts stand beside it.
      files = URL(filePath: files).standardizedFileURL.deletingLastPathComponent().path
      model = try PublishedModel(path: files)
    }
    (folder, published) = (files, model)
    name = entry?.name ?? URL(filePath: folder).standardizedFileURL.lastPathComponent
    version = entry?.version ?? "1"
    licence = entry?.licence ?? published.licence
    hashes = entry?.hashes
  }

  /// With the hash of every file, which are read for it unless an entry has them.
  ///
  /// - Throws: `CheckpointError`
  public func hashed() throws -> [String: String] {
    if let hashes { return hashes }
    return try published.hashes()
  }

  /// Loads the model.
  ///
  /// - Throws: `CheckpointError` for one that makes no sound of a text, and what its parts find
  ///   wrong.
  public func open() throws -> any TextToAudioModel {
    switch published.kind {
    case "Amphion AUDIT": return try AUDIT(AUDIT.Files(AmphionFolder(path: folder)))
    case "AudioLDM2Pipeline": return try AudioLDM2(DiffusersFolder(path: folder))
    case let kind where AudioLDM.pipelines.contains(kind):
      return try AudioLDM(DiffusersFolder(path: folder))
    case let kind:
      let known = AudioLDM.pipelines + ["AudioLDM2Pipeline", "Amphion AUDIT"]
      throw CheckpointError.package(
        folder: folder, problem: "its model is a '\(kind.prefix(80))'",
        hint: "known are \(known.joined(separator: ", "))")
    }
  }
}
