import AudioFiles
import Foundation

/// A sound file that is to be edited, and which of its folders the output keeps.
struct InputFile: Equatable {
  let path: String
  /// "" for none.
  let folder: String
}

/// Folders, patterns and files of the command line, made into sound files.
enum InputFiles {
  /// - Parameters:
  ///   - argument: a file, a folder (all sound files in it and below), or a pattern with `*`, `?`
  ///     or `[…]`.
  ///   - excluded: the output folder, whose files are no inputs.
  static func find(_ argument: String, excluding excluded: String, problems: inout [String])
    -> [InputFile]
  {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) {
      guard isFolder.boolValue else { return [InputFile(path: argument, folder: "")] }
      if resolved(argument) == resolved(excluded) {
        problems.append("\(argument): is the --out folder too; write the outputs elsewhere")
        return []
      }
      let found = walk(argument, excluding: excluded)
      if found.isEmpty { problems.append("\(argument): no sound file in this folder") }
      return found
    }
    guard argument.contains(where: { "*?[".contains($0) }) else {
      problems.append("\(argument): no such file or folder")
      return []
    }
    let found = matches(argument).filter { !lies($0.path, in: excluded) }
    if found.isEmpty { problems.append("\(argument): no sound file matches this pattern") }
    return found
  }

  /// All sound files below a folder in the order of their names; hidden files and links to folders
  /// are left out.
  private static func walk(_ root: String, excluding excluded: String) -> [InputFile] {
    let base = root.hasSuffix("/") ? String(root.dropLast()) : root
    var found: [InputFile] = []
    func visit(_ folder: String) {
      let place = folder.isEmpty ? base : base + "/" + folder
      if lies(place, in: excluded) { return }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      for name in names.sorted() where !name.hasPrefix(".") {
        let path = place + "/" + name
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          visit(folder.isEmpty ? name : folder + "/" + name)
        } else if AudioContainer.isReadable(path) {
          found.append(InputFile(path: path, folder: folder))
        }
      }
    }
    visit("")
    return found
  }

  /// Files that match a pattern; the output keeps the folders behind its last part without wildcards.
  private static func matches(_ pattern: String) -> [InputFile] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    let parts = pattern.split(separator: "/", omittingEmptySubsequences: false)
    let fixed = parts.prefix { part in !part.contains { "*?[".contains($0) } }.count
    return (0..<Int(result.gl_pathc)).compactMap { index in
      guard let text = result.gl_pathv[index] else { return nil }
      let path = String(cString: text)
      var isFolder: ObjCBool = false
      guard AudioContainer.isReadable(path),
        FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
      else { return nil }
      let kept = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(fixed)
      return InputFile(path: path, folder: kept.dropLast().joined(separator: "/"))
    }
  }

  /// An absolute path; a relative one begins at a folder.
  static func path(_ path: String, from folder: URL) -> String {
    URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path
  }

  /// Whether a path is the folder or lies in it.
  static func lies(_ path: String, in folder: String) -> Bool {
    let (path, folder) = (resolved(path), resolved(folder))
    return path == folder || path.hasPrefix(folder + "/")
  }

  static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
}
