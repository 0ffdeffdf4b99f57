import Foundation

/// A file that a job made.
struct StoredFile: Codable, Equatable, Sendable {
  /// Inside of the output folder.
  let name: String
  /// Where it waits for its name, inside of the same folder.
  let staged: String
  let bytes: Int
  /// Time of the last write, nanoseconds.
  let modified: Int
  let sha256: String
}

/// Everything that is kept of a finished job.
struct FinishedJob: Codable, Equatable, Sendable {
  /// See ``Job/identity(input:models:precision:)``.
  let identity: String
  let inputHash: String
  /// Nil when the file had just been written to: then only its bytes tell whether it is the same.
  let inputStamp: FileStamp?
  let files: [StoredFile]
  /// Files of an earlier run that go when these come; nil as none.
  var obsolete: [StoredFile]?
  let outcome: Operation.Outcome
  /// Time of the edit alone, and length of the sound.
  let seconds: Double
  let audioSeconds: Double
  /// For the report.
  var preview: Preview?
}

/// Where it is written down how far each job has come. Any thread may write.
protocol JobJournal: Sendable {
  /// An attempt begins.
  func began(_ job: Job) throws
  /// All files of the job are complete and on the disk, under temporary names; so is this note when
  /// it returns.
  func finished(_ job: Job, _ result: FinishedJob) throws
  /// The files have their names.
  func published(_ job: Job) throws
  /// An attempt failed.
  /// - Parameter isFinal: whether there will be no other.
  func failed(_ job: Job, _ problem: String, isFinal: Bool) throws
}

/// Gives finished files their names. It can be done again from any point at which it was cut off.
struct Publisher {
  let folder: BatchFolder

  /// - Throws: when a file is neither at its staged nor, as it was, at its own place.
  func publish(_ result: FinishedJob) throws {
    var changed: Set<String> = []
    for file in result.files {
      let (from, to) = (folder.place(of: file.staged), folder.place(of: file.name))
      var parent = (to as NSString).deletingLastPathComponent
      try BatchFolder.makeFolder(parent)
      // Foundation finds no folder above a name of one letter, such as `--out o`: it crashes.
      while changed.insert(parent).inserted, parent.count > folder.path.count {
        parent = (parent as NSString).deletingLastPathComponent
      }
      if rename(from, to) != 0 {
        let code = errno
        guard code == ENOENT, isIntact(file) else {
          throw BatchError.table(
            path: to,
            reason: "a finished file cannot get its name: "
              + String(cString: strerror(code)))
        }
      }
    }
    for file in result.obsolete ?? [] where isIntact(file) {
      let place = folder.place(of: file.name)
      if unlink(place) == 0 { changed.insert((place as NSString).deletingLastPathComponent) }
    }
    for parent in changed { try BatchFolder.sync(parent) }
  }

  /// Whether a file under its own name is still what the job made.
  func isIntact(_ file: StoredFile) -> Bool {
    let place = folder.place(of: file.name)
    guard let stamp = try? FileStamp(of: place), stamp.bytes == file.bytes else { return false }
    return stamp.modified == file.modified || (try? ContentHash.ofFile(place)) == file.sha256
  }
}
