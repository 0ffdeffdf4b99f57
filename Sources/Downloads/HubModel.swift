import Checkpoints
import Foundation

/// A model of a hub: the names, sizes and hashes of its files, and how they are fetched.
///
/// Source: the hub's HTTP interface, `GET /api/models/ID/tree/REVISION?recursive=true` and
/// `/ID/resolve/REVISION/FILE`.
public struct HubModel: Sendable {
  public struct File: Sendable, Equatable {
    public let path: String
    public let bytes: Int
    /// Of large files the hub knows it.
    public let sha256: String?
  }

  public static let hub = "https://huggingface.co"
  /// Short names of models that this program knows.
  public static let known = [
    "audioldm": "cvssp/audioldm",
    "audioldm-s": "cvssp/audioldm-s-full-v2",
    "audioldm-m": "cvssp/audioldm-m-full",
    "audioldm-l": "cvssp/audioldm-l-full",
    "audioldm2": "cvssp/audioldm2",
    "audioldm2-music": "cvssp/audioldm2-music",
    "musicldm": "ucsd-reach/musicldm",
    "t5-base": "google-t5/t5-base",
    "t5-large": "google-t5/t5-large",
    "flan-t5-base": "google/flan-t5-base",
    "flan-t5-large": "google/flan-t5-large",
  ]
  private static let maxListBytes = 20_000_000

  /// `owner/name`
  public let id: String
  public let revision: String
  private let hub: String
  private let certificates: String?

  /// - Parameters:
  ///   - name: a short name of ``known``, or `owner/name`.
  ///   - hub: where the hub is.
  /// - Throws: ``DownloadError/hub(model:problem:)`` when it is neither.
  public init(
    _ name: String, revision: String = "main", hub: String = HubModel.hub,
    certificates: String? = nil
  ) throws {
    let id = Self.known[name] ?? name
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(Self.isName), Self.isName(revision[...]) else {
      let names = Self.known.keys.sorted().joined(separator: ", ")
      throw DownloadError.hub(
        model: name, problem: "it is neither OWNER/NAME nor one of \(names)")
    }
    self.id = id
    self.revision = revision
    self.hub = hub.hasSuffix("/") ? String(hub.dropLast()) : hub
    self.certificates = certificates
  }

  private static func isName(_ part: Substring) -> Bool {
    !part.isEmpty && part.first != "." && part.utf8.count <= 100
      && part.utf8.allSatisfy { byte in
        let c = Character(Unicode.Scalar(byte))
        return byte < 128 && (c.isLetter || c.isNumber || c == "-" || c == "_" || c == ".")
      }
  }

  /// What a package of it is called.
  public var packageName: String { String(id.split(separator: "/")[1]) }

  /// The files that installing needs: of several copies of the weights one, safetensors first.
  ///
  /// - Parameter folder: where the list is kept while it is read.
  /// - Throws: ``DownloadError``
  public func files(using folder: String) throws -> [File] {
    let path = folder + "/.files.json"
    defer { unlink(path) }
    _ = try Download(
      url: "\(hub)/api/models/\(id)/tree/\(revision)?recursive=true", path: path,
      maxBytes: Self.maxListBytes, certificates: certificates
    ).run()
    guard let entries = try JSONValue(file: path, maxBytes: Self.maxListBytes).array else {
      throw DownloadError.hub(model: id, problem: "the hub's list of files is no list")
    }
    var files: [File] = []
    for entry in entries where entry["type"]?.string == "file" {
      guard let name = entry["path"]?.string, let bytes = entry["size"]?.integer, bytes >= 0,
        PublishedModel.isWanted(name)
      else { continue }
      guard ModelPackage.isSafePath(name) else {
        throw DownloadError.hub(model: id, problem: "a file has the name '\(name.prefix(80))'")
      }
      files.append(File(path: name, bytes: bytes, sha256: entry["lfs"]?["oid"]?.string))
    }
    let chosen = Self.withoutCopies(files)
    guard !chosen.isEmpty else {
      throw DownloadError.hub(model: id, problem: "it has no files of a known layout")
    }
    return chosen
  }

  /// Leaves out `.bin` weights of folders that have safetensors.
  static func withoutCopies(_ files: [File]) -> [File] {
    func folder(_ path: String) -> Substring {
      path.lastIndex(of: "/").map { path[..<$0] } ?? ""
    }
    func isSafe(_ path: String) -> Bool {
      path.hasSuffix(".safetensors") || path.hasSuffix(".safetensors.index.json")
    }
    let safe = Set(files.filter { isSafe($0.path) }.map { folder($0.path) })
    return files.filter { file in
      let isBin = file.path.hasSuffix(".bin") || file.path.hasSuffix(".bin.index.json")
      return !(isBin && safe.contains(folder(file.path)))
    }
  }

  /// The transfer of one file into `folder`; its own folder there is made.
  public func download(_ file: File, into folder: String, maxBytes: Int) throws -> Download {
    let path = folder + "/" + file.path
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw DownloadError.disk(path: parent.path, reason: "the folder cannot be made")
    }
    return Download(
      url: "\(hub)/\(id)/resolve/\(revision)/\(file.path)", path: path, maxBytes: maxBytes,
      expectedBytes: file.bytes, sha256: file.sha256, certificates: certificates)
  }
}
