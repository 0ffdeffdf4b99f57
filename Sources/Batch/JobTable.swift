import Foundation
import GRDB

/// How far a job has come.
enum JobState: String, Codable, Sendable, CaseIterable {
  /// To be done, or cut off.
  case waiting
  case running
  /// Complete; its files are getting their names.
  case publishing
  case done
  case failed
}

/// A job as the table holds it.
struct JobRow: Sendable {
  let job: Job
  let state: JobState
  let problem: String?
  let attempts: Int
  let finished: FinishedJob?
}

/// The durable table of a batch's jobs: SQLite with a write-ahead log.
///
/// What must not be lost (a job is finished) is on the disk when the call returns; the other notes
/// follow with the next of those. One process writes, others may read.
final class JobTable: JobJournal {
  private let database: DatabaseQueue
  private let folder: BatchFolder

  /// Opens the table of a batch, and makes it if there is none.
  /// - Throws: ``BatchError``
  init(_ folder: BatchFolder, readOnly: Bool = false) throws {
    self.folder = folder
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(10)
    configuration.journalMode = readOnly ? .default : .wal
    do {
      database = try DatabaseQueue(path: folder.table, configuration: configuration)
      if !readOnly { try Self.layout.migrate(database) }
    } catch { throw Self.fault(error, folder) }
  }

  /// Whether the folder holds a batch. A file that was killed before its first entry is none.
  static func exists(_ folder: BatchFolder) -> Bool {
    guard FileManager.default.fileExists(atPath: folder.table),
      let table = try? JobTable(folder, readOnly: true)
    else { return false }
    return (try? table.read { try $0.tableExists("slurm") }) ?? false
  }

  private static var layout: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.create(table: "job") { table in
        table.primaryKey("output", .text)
        // Its place in the list; null when the last list did not name it.
        table.column("position", .integer)
        table.column("job", .text).notNull()
        table.column("state", .text).notNull()
        table.column("problem", .text)
        table.column("finished", .text)
        table.column("preview", .text)
      }
      try db.create(table: "attempt") { table in
        table.autoIncrementedPrimaryKey("id")
        table.column("output", .text).notNull().indexed()
        table.column("started", .double).notNull()
        // Null while it runs, and when it was cut off.
        table.column("ended", .double)
        table.column("problem", .text)
        table.uniqueKey(["output", "started"])
      }
      try db.create(table: "slurm") { table in
        table.primaryKey("name", .text)
        // Null until Slurm took it.
        table.column("number", .text)
        table.column("chunks", .integer).notNull()
        table.column("active", .boolean).notNull()
      }
    }
    return migrator
  }

  // MARK: - The list

  /// Makes `jobs` the batch's list. What is known of those that are in the table already stays;
  /// cut-off ones wait again.
  func list(_ jobs: [Job]) throws {
    try write(durably: true) { db in
      try db.execute(
        sql: """
          UPDATE job SET position = NULL,
            state = CASE state WHEN 'running' THEN 'waiting' ELSE state END
          """)
      for (position, job) in jobs.enumerated() {
        try db.execute(
          sql: """
            INSERT INTO job (output, position, job, state) VALUES (?, ?, ?, 'waiting')
            ON CONFLICT (output) DO UPDATE SET position = excluded.position, job = excluded.job
            """, arguments: [job.output, position, try BatchJSON.text(job)])
      }
    }
  }

  /// Marks jobs as to be done, or as done, whatever they were.
  func set(_ state: JobState, _ jobs: [Job]) throws {
    try write(durably: true) { db in
      for job in jobs {
        try db.execute(
          sql: "UPDATE job SET state = ?, problem = NULL WHERE output = ?",
          arguments: [state.rawValue, job.output])
      }
    }
  }

  /// The rows of the list, in its order.
  /// - Parameter previews: whether to read the report's pictures too.
  func rows(previews: Bool = false) throws -> [JobRow] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT job.job, state, problem, finished, \(previews ? "preview" : "NULL AS preview"),
            (SELECT COUNT(*) FROM attempt WHERE attempt.output = job.output) AS attempts
          FROM job WHERE position IS NOT NULL ORDER BY position
          """
      ).map { row in
        var finished = try (row["finished"] as String?).map {
          try BatchJSON.decode(FinishedJob.self, from: $0)
        }
        // One that another version of the program made is left out.
        finished?.preview = (row["preview"] as String?).flatMap {
          try? BatchJSON.decode(Preview.self, from: $0)
        }
        return JobRow(
          job: try BatchJSON.decode(Job.self, from: row["job"] as String),
          state: JobState(rawValue: row["state"]) ?? .waiting, problem: row["problem"],
          attempts: row["attempts"], finished: finished)
      }
    }
  }

  /// Names of all outputs that the batch made or was to make, also of former lists.
  func outputs() throws -> Set<String> {
    try read { db in
      let jobs = try String.fetchAll(db, sql: "SELECT job FROM job")
      let done = try String.fetchAll(db, sql: "SELECT finished FROM job WHERE finished NOT NULL")
      let planned = try jobs.flatMap { try BatchJSON.decode(Job.self, from: $0).files }
      let made = try done.flatMap {
        try BatchJSON.decode(FinishedJob.self, from: $0).files.map(\.name)
      }
      return Set(planned + made)
    }
  }

  // MARK: - Journal

  func began(_ job: Job) throws {
    try write(durably: false) { db in
      try Self.move(db, job, to: .running, from: [.waiting])
      try db.execute(
        sql: "INSERT INTO attempt (output, started) VALUES (?, ?)",
        arguments: [job.output, Date().timeIntervalSince1970])
    }
  }

  func finished(_ job: Job, _ result: FinishedJob) throws {
    try write(durably: true) { db in
      try Self.move(db, job, to: .publishing, from: [.running])
      try Self.store(result, of: job.output, db)
      try Self.end(db, job, problem: nil)
    }
  }

  func published(_ job: Job) throws {
    try write(durably: false) { try Self.move($0, job, to: .done, from: [.publishing]) }
  }

  func failed(_ job: Job, _ problem: String, isFinal: Bool) throws {
    try write(durably: isFinal) { db in
      try Self.move(db, job, to: isFinal ? .failed : .waiting, from: [.running, .waiting])
      try db.execute(
        sql: "UPDATE job SET problem = ? WHERE output = ?", arguments: [problem, job.output])
      try Self.end(db, job, problem: problem)
    }
  }

  private static func move(
    _ db: Database, _ job: Job, to state: JobState, from: [JobState]
  ) throws {
    let former = from.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    try db.execute(
      sql: "UPDATE job SET state = ? WHERE output = ? AND state IN (\(former))",
      arguments: [state.rawValue, job.output])
    guard db.changesCount == 1 else {
      throw BatchError.table(
        path: job.output, reason: "the job cannot become \(state.rawValue) now")
    }
  }

  /// See ``merge(_:)``.
  /// - Returns: whether the note was news.
  static func merge(_ entry: ChunkJournal.Entry, _ db: Database) throws -> Bool {
    let row = try Row.fetchOne(
      db, sql: "SELECT state, finished FROM job WHERE output = ?", arguments: [entry.output])
    guard let row else { return false }
    let state = JobState(rawValue: row["state"]) ?? .waiting
    let known = try (row["finished"] as String?).map {
      try BatchJSON.decode(FinishedJob.self, from: $0)
    }
    func become(_ state: JobState, _ problem: String? = nil) throws {
      try db.execute(
        sql: "UPDATE job SET state = ?, problem = ? WHERE output = ?",
        arguments: [state.rawValue, problem, entry.output])
    }
    func end(_ problem: String? = nil) throws {
      try db.execute(
        sql: """
          UPDATE attempt SET ended = ?, problem = ? WHERE ended IS NULL
          AND id = (SELECT MAX(id) FROM attempt WHERE output = ? AND started <= ?)
          """, arguments: [entry.time, problem, entry.output, entry.time])
    }
    switch entry.kind {
    case .began:
      try db.execute(
        sql: "INSERT OR IGNORE INTO attempt (output, started) VALUES (?, ?)",
        arguments: [entry.output, entry.time])
      let isNew = db.changesCount > 0
      if state == .waiting { try become(.running) }
      return isNew
    case .finished:
      guard let finished = entry.finished else { return false }
      try end()
      if state == .done, known?.identity == finished.identity { return false }
      try store(finished, of: entry.output, db)
      try become(.publishing)
    case .published:
      if state == .publishing { try become(.done) }
    case .failed:
      try end(entry.problem)
      if state == .done || state == .failed { return false }
      try become(entry.isFinal == true ? .failed : .waiting, entry.problem)
    }
    return true
  }

  private static func store(_ result: FinishedJob, of output: String, _ db: Database) throws {
    var kept = result
    kept.preview = nil
    try db.execute(
      sql: "UPDATE job SET finished = ?, preview = ?, problem = NULL WHERE output = ?",
      arguments: [
        try BatchJSON.text(kept), try result.preview.map { try BatchJSON.text($0) }, output,
      ])
  }

  private static func end(_ db: Database, _ job: Job, problem: String?) throws {
    try db.execute(
      sql: """
        UPDATE attempt SET ended = ?, problem = ?
        WHERE id = (SELECT MAX(id) FROM attempt WHERE output = ?)
        """, arguments: [Date().timeIntervalSince1970, problem, job.output])
  }

  // MARK: - Access

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try database.read(body) } catch { throw Self.fault(error, folder) }
  }

  /// - Parameter durably: whether the change must have reached the disk before this returns.
  func write<Value>(durably: Bool, _ body: (Database) throws -> Value) throws -> Value {
    do {
      return try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = \(durably ? "FULL" : "NORMAL")")
        try db.beginTransaction(.immediate)
        do {
          let value = try body(db)
          try db.commit()
          return value
        } catch {
          try? db.rollback()
          throw error
        }
      }
    } catch { throw Self.fault(error, folder) }
  }

  private static func fault(_ error: any Error, _ folder: BatchFolder) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    // Without room for the files beside the table, SQLite speaks of input and output only.
    if error.resultCode == .SQLITE_FULL || folder.isFull {
      return BatchError.diskFull(folder: folder.path)
    }
    return BatchError.table(path: folder.table, reason: error.message ?? "\(error.resultCode)")
  }
}
