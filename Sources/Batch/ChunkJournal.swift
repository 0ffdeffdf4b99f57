import AudioFiles
import Foundation
import Synchronization

/// The journal of one chunk of jobs: JSON Lines in a file of its own, since a table cannot be shared
/// between machines. Whoever owns the table takes the lines into it.
final class ChunkJournal: JobJournal {
  enum Kind: String, Codable, Sendable { case began, finished, published, failed }

  struct Entry: Codable, Equatable, Sendable {
    let kind: Kind
    let output: String
    let time: Double
    /// The machine.
    let host: String
    var finished: FinishedJob?
    var problem: String?
    var isFinal: Bool?
  }

  private let path: String
  private let descriptor: Int32
  private let lock = Mutex(())

  /// Opens the file for further lines; one that was cut off in the middle is taken away.
  /// - Throws: `AudioFileError.system`
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw AudioFileError.system(path: path, code: errno) }
    let whole = FileManager.default.contents(atPath: path) ?? Data()
    let kept = (whole.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    guard ftruncate(descriptor, off_t(kept)) == 0 else {
      throw AudioFileError.system(path: path, code: errno)
    }
  }

  deinit { close(descriptor) }

  /// The complete lines of a file from a byte on.
  /// - Returns: the entries, and where the next ones begin.
  static func entries(of path: String, from offset: Int) throws -> (entries: [Entry], end: Int) {
    guard let file = FileHandle(forReadingAtPath: path) else { return ([], offset) }
    defer { try? file.close() }
    try file.seek(toOffset: UInt64(offset))
    let data = try file.readToEnd() ?? Data()
    guard let last = data.lastIndex(of: UInt8(ascii: "\n")) else { return ([], offset) }
    let entries = try data[...last].split(separator: UInt8(ascii: "\n")).map {
      try BatchJSON.decode(Entry.self, from: Data($0))
    }
    return (entries, offset + (last - data.startIndex) + 1)
  }

  func began(_ job: Job) throws { try append(entry(.began, job), durably: false) }

  func finished(_ job: Job, _ result: FinishedJob) throws {
    var entry = entry(.finished, job)
    entry.finished = result
    try append(entry, durably: true)
  }

  func published(_ job: Job) throws { try append(entry(.published, job), durably: false) }

  func failed(_ job: Job, _ problem: String, isFinal: Bool) throws {
    var entry = entry(.failed, job)
    entry.problem = problem
    entry.isFinal = isFinal
    try append(entry, durably: isFinal)
  }

  private func entry(_ kind: Kind, _ job: Job) -> Entry {
    Entry(
      kind: kind, output: job.output, time: Date().timeIntervalSince1970,
      host: ProcessInfo.processInfo.hostName)
  }

  private func append(_ entry: Entry, durably: Bool) throws {
    let line = try BatchJSON.encode(entry) + Data("\n".utf8)
    try lock.withLock { _ in
      let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard written == line.count, !durably || fsync(descriptor) == 0 else {
        throw AudioFileError.system(path: path, code: written >= 0 && errno == 0 ? ENOSPC : errno)
      }
    }
  }
}

extension JobTable {
  /// Takes a chunk's notes in; those that are known already change nothing.
  /// - Returns: those that were not.
  func merge(_ entries: [ChunkJournal.Entry]) throws -> [ChunkJournal.Entry] {
    guard !entries.isEmpty else { return [] }
    return try write(durably: true) { db in
      try entries.filter { try Self.merge($0, db) }
    }
  }
}
