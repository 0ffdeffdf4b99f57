import FoundationEssentials
import Glibc

/// An installed package that consists of its `model.json` alone, and refers to files elsewhere.
public enum PackageEntry {
  /// Writes `parent/name/model.json`.
  ///
  /// - Parameters:
  ///   - manifest: with the `source` of its files.
  ///   - replacing: whether an entry of the name may be replaced; a folder that holds anything else
  ///     never is.
  /// - Returns: the entry's folder.
  /// - Throws: ``CheckpointError/package(folder:problem:hint:)``; nothing is left behind then.
  public static func write(
    _ manifest: JSONValue, as name: String, in parent: String, replacing: Bool
  ) throws -> String {
    let entry = try vacancy(for: name, in: parent, replacing: replacing)
    let files = FileManager.default
    let half = parent + "/.\(name).part-\(getpid())"
    do {
      try files.createDirectory(atPath: half, withIntermediateDirectories: true)
      try write(manifest, into: half)
      if files.fileExists(atPath: entry) { try files.removeItem(atPath: entry) }
      try files.moveItem(atPath: half, toPath: entry)
    } catch {
      try? files.removeItem(atPath: half)
      throw CheckpointError.package(
        folder: entry, problem: "it cannot be written", hint: "is there room, and permission?")
    }
    return entry
  }

  /// Writes a manifest as the `model.json` of a folder.
  public static func write(_ manifest: JSONValue, into folder: String) throws {
    try Data((manifest.text + "\n").utf8)
      .write(to: URL(filePath: folder + "/model.json"), options: .atomic)
  }

  /// The folder of a new package, if it may be made.
  ///
  /// - Throws: ``CheckpointError/package(folder:problem:hint:)``
  public static func vacancy(
    for name: String, in parent: String, replacing: Bool
  ) throws -> String {
    let entry = parent + "/" + name
    guard ModelPackage.isSafePath(name), !name.contains("/"), !name.hasPrefix(".") else {
      throw CheckpointError.package(
        folder: parent, problem: "'\(name.prefix(80))' is no name for a package",
        hint: "choose one with --name")
    }
    guard let held = try? FileManager.default.contentsOfDirectory(atPath: entry) else {
      return entry
    }
    guard replacing else {
      throw CheckpointError.package(
        folder: entry, problem: "it is installed already",
        hint: "replace it with --force, or choose another --name")
    }
    guard held == ["model.json"] else {
      throw CheckpointError.package(
        folder: entry, problem: "it holds more than an entry", hint: "remove it yourself")
    }
    return entry
  }
}
