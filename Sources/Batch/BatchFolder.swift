import AudioFiles
import Foundation

/// The output folder of a batch. What the batch keeps for itself lies in its `.aedit-batch`.
struct BatchFolder: Sendable, Equatable {
  static let stateName = ".aedit-batch"

  /// As the user named it.
  let path: String

  init(_ path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  var state: String { path + "/" + Self.stateName }
  var table: String { state + "/jobs.sqlite" }
  var lock: String { state + "/lock" }
  /// Results before they take their places.
  var work: String { state + "/work" }
  /// Slurm arrays, a folder each.
  var arrays: String { state + "/slurm" }
  var reportPage: String { path + "/report.html" }
  var reportJSON: String { path + "/report.json" }

  /// Whether the disk has hardly any room left.
  var isFull: Bool {
    var status = statvfs()
    return statvfs(path, &status) == 0 && status.f_bavail * status.f_frsize < 1 << 20
  }

  func place(of output: String) -> String { path + "/" + output }

  /// Makes the folder and what is in it.
  func make() throws { try Self.makeFolder(work) }

  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
      throw AudioFileError.system(path: path, code: ENOSPC)
    } catch {
      throw BatchError.table(path: path, reason: "the folder cannot be made")
    }
  }

  /// Makes what was written to a file or a folder's names outlast a power failure.
  static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AudioFileError.system(path: path, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw AudioFileError.system(path: path, code: errno) }
  }
}

/// Holds a file locked for as long as it lives; the system lets go of it however the process ends.
final class FileLock: Sendable {
  private let descriptor: Int32

  /// - Throws: ``BatchError/locked(folder:owner:)`` when another process holds it.
  init(_ path: String, of folder: BatchFolder) throws {
    // Closed in children, which may live on.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw AudioFileError.system(path: path, code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw BatchError.locked(folder: folder.path, owner: Self.owner(path) ?? "unknown")
    }
    ftruncate(descriptor, 0)
    let line = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8)
    pwrite(descriptor, line, line.count, 0)
  }

  deinit { close(descriptor) }

  /// Who holds the lock; nil when nobody does.
  static func owner(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
    var bytes = [UInt8](repeating: 0, count: 300)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
