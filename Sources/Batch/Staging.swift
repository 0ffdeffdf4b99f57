import Foundation

/// The folder in which a job's files are made, on the same disk as their places.
struct Staging: Sendable {
  private let folder: BatchFolder
  private let job: Job
  private let path: String

  /// Makes an empty folder for the job.
  init(_ job: Job, in folder: BatchFolder, name: String) throws {
    self.folder = folder
    self.job = job
    path = folder.work + "/" + name + "/" + ContentHash.of(job.output).prefix(16)
    try? FileManager.default.removeItem(atPath: path)
    try BatchFolder.makeFolder(path)
  }

  var output: String { path + "/song." + (job.output as NSString).pathExtension }
  var sidecar: String { output + ".aedit.json" }
  var stem: String? { job.stem.map { path + "/stem." + ($0 as NSString).pathExtension } }

  /// Brings the files to the disk and describes them.
  func store() throws -> [StoredFile] {
    var pairs = [(output, job.output), (sidecar, job.sidecar)]
    if let stem, let name = job.stem { pairs.append((stem, name)) }
    let files = try pairs.map { staged, name in
      try BatchFolder.sync(staged)
      let stamp = try FileStamp(of: staged)
      return StoredFile(
        name: name, staged: String(staged.dropFirst(folder.path.count + 1)), bytes: stamp.bytes,
        modified: stamp.modified, sha256: try ContentHash.ofFile(staged))
    }
    try BatchFolder.sync(path)
    return files
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
