import FoundationEssentials

/// Finds installed model packages.
///
/// A package is a folder with a `model.json`. They are looked for, in this order, in the folder that
/// `--model` names (itself a package, or a folder of packages), in the folders of `AEDIT_MODELS`
/// (separated by colons), in the user's folder (``userFolder(_:)``), and in `Models/` beside the
/// executable, in the current folder and in every folder above these two.
public struct ModelStore: Sendable {
  /// A folder that looks like a package and is none.
  public struct Broken: Sendable {
    public let folder: String
    public let error: CheckpointError
  }

  /// The folders that are searched, in order, whether they exist or not.
  public let searched: [String]
  /// The packages found, first come first.
  public let packages: [ModelPackage]
  public let broken: [Broken]

  /// - Parameters:
  ///   - model: the value of `--model`, if given. It must hold a package.
  ///   - environment: where `AEDIT_MODELS` is looked up.
  ///   - currentFolder: where the upward search for `Models/` begins.
  ///   - executable: the program's file, whose folder is where the other search begins.
  /// - Throws: ``CheckpointError`` when `model` holds no package.
  public init(
    model: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    currentFolder: String = FileManager.default.currentDirectoryPath,
    executable: String? = Self.executablePath()
  ) throws {
    var places: [String] = []
    if let model { places.append(model) }
    places += (environment["AEDIT_MODELS"] ?? "").split(separator: ":").map(String.init)
    places += [Self.userFolder(environment)].compactMap(\.self)
    let starts = [
      executable.map { URL(filePath: $0).deletingLastPathComponent().path }, currentFolder,
    ]
    for start in starts.compactMap(\.self) { places += Self.modelFolders(from: start) }
    var unique: [String] = []
    for place in places where !unique.contains(place) { unique.append(place) }
    searched = unique

    var packages: [ModelPackage] = []
    var broken: [Broken] = []
    for place in unique {
      let folders = Self.packageFolders(in: place)
      if place == model, folders.isEmpty {
        throw CheckpointError.package(
          folder: place, problem: "it holds no model.json, nor do the folders in it",
          hint: "--model takes the folder of a package")
      }
      for folder in folders where !packages.contains(where: { $0.folder == folder }) {
        do {
          packages.append(try ModelPackage(folder: folder))
        } catch let error as CheckpointError {
          if place == model { throw error }
          broken.append(Broken(folder: folder, error: error))
        }
      }
    }
    self.packages = packages
    self.broken = broken
  }

  /// The first package of a kind.
  ///
  /// - Throws: the fault of a broken package when that is all there is, else
  ///   ``CheckpointError/notInstalled(model:searched:)``.
  public func package(kind: String) throws -> ModelPackage {
    if let found = packages.first(where: { $0.kind == kind }) { return found }
    if let fault = broken.first { throw fault.error }
    throw CheckpointError.notInstalled(model: kind, searched: searched)
  }

  /// Where models are installed for one user: `aedit/models` in `XDG_DATA_HOME`, which is
  /// `~/.local/share` unless it is set; nil without a home.
  public static func userFolder(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    // The specification has relative paths ignored.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      return data + "/aedit/models"
    }
    return environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.local/share/aedit/models" }
  }

  /// The path of the running program, from the kernel.
  public static func executablePath() -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }

  private static func modelFolders(from start: String) -> [String] {
    var folders: [String] = []
    var url = URL(filePath: start).standardizedFileURL
    while true {
      folders.append(url.appending(path: "Models").path)
      let parent = url.deletingLastPathComponent().standardizedFileURL
      if parent.path == url.path || url.path == "/" { return folders }
      url = parent
    }
  }

  private static func packageFolders(in place: String) -> [String] {
    let files = FileManager.default
    if files.fileExists(atPath: place + "/model.json") { return [place] }
    let names = (try? files.contentsOfDirectory(atPath: place)) ?? []
    return names.sorted().map { place + "/" + $0 }
      .filter { files.fileExists(atPath: $0 + "/model.json") }
  }
}
