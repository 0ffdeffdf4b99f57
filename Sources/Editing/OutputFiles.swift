import AudioFiles
import Foundation

/// The files that an edit writes, checked before any work is done.
struct OutputFiles {
  let song: String
  let stem: String?
  let sidecar: String
  /// How the song's samples are stored.
  let plan: OutputPlan
  /// Folder of the song, where working files take their space.
  var folder: String { Self.folder(of: song) }

  /// - Parameter output: nil for `song.edited.<ext>` beside the input.
  /// - Throws: ``EditError``, `AudioFileError`
  init(input: String, info: AudioInfo, output: String?, options: EditOptions) throws {
    song = output ?? Self.defaultName(input, info)
    stem = options.saveStem
    sidecar = song + ".aedit.json"
    plan = try OutputPlan(path: song, like: info)
    for path in [song, stem, sidecar].compactMap(\.self) {
      if Self.same(path, input) { throw EditError.outputIsInput(path: path) }
      try Self.checkVacant(path, overwrite: options.overwrite)
    }
    if let stem {
      if Self.same(stem, song) {
        throw EditError.option(
          name: "--save-stem", value: stem, allowed: "another file than the output")
      }
      guard
        try OutputPlan(path: stem, like: info, encoding: .float(bits: 32)).encoding
          == .float(bits: 32)
      else {
        throw EditError.option(name: "--save-stem", value: stem, allowed: "a .wav file")
      }
    }
  }

  /// - Throws: ``EditError`` when no file can be written at `path`.
  static func checkVacant(_ path: String, overwrite: Bool) throws {
    guard access(folder(of: path), W_OK) == 0 else {
      throw EditError.cannotWrite(
        path: path, reason: "folder: \(String(cString: strerror(errno)))")
    }
    if !overwrite, FileManager.default.fileExists(atPath: path) {
      throw EditError.exists(path: path)
    }
  }

  private static func defaultName(_ input: String, _ info: AudioInfo) -> String {
    (input as NSString).deletingPathExtension + ".edited."
      + SongEditor.outputExtension(for: input, info)
  }

  private static func folder(of path: String) -> String {
    (path as NSString).deletingLastPathComponent.nonEmpty ?? "."
  }

  static func same(_ a: String, _ b: String) -> Bool {
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    if resolved(a) == resolved(b) { return true }
    var (first, second) = (stat(), stat())
    return stat(a, &first) == 0 && stat(b, &second) == 0
      && first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// Copies a file's bytes under a temporary name, then renames.
  static func copy(_ from: String, to path: String) throws {
    let temporary = TemporaryOutputs.reserve(for: path)
    defer { TemporaryOutputs.release(temporary) }
    do {
      try FileManager.default.copyItem(atPath: from, toPath: temporary)
      try Self.move(temporary, to: path)
    } catch {
      unlink(temporary)
      throw Self.failure(path, error)
    }
  }

  /// Writes a small file under a temporary name, then renames.
  static func write(_ data: Data, to path: String) throws {
    let temporary = TemporaryOutputs.reserve(for: path)
    defer { TemporaryOutputs.release(temporary) }
    do {
      try data.write(to: URL(fileURLWithPath: temporary))
      try Self.move(temporary, to: path)
    } catch {
      unlink(temporary)
      throw Self.failure(path, error)
    }
  }

  private static func move(_ temporary: String, to path: String) throws {
    guard rename(temporary, path) == 0 else {
      throw AudioFileError.system(path: path, code: errno)
    }
  }

  private static func failure(_ path: String, _ error: any Error) -> any Error {
    if error is AudioFileError { return error }
    if (error as? CocoaError)?.code == .fileWriteOutOfSpace {
      return AudioFileError.system(path: path, code: ENOSPC)
    }
    let text = (error as NSError).localizedDescription
    let reason = text.split(separator: "\n").first.map(String.init) ?? "unknown"
    return EditError.cannotWrite(path: path, reason: reason)
  }
}

extension String {
  var nonEmpty: String? { isEmpty ? nil : self }
}
