import Foundation
import GRDB

/// A Slurm job array as the job table holds it: chunks of jobs, a task each.
struct SlurmArray: Equatable, Sendable {
  /// Of the array in Slurm, and of its folder.
  let name: String
  /// Nil until Slurm took it.
  var number: String?
  let chunks: Int

  func path(in folder: BatchFolder) -> String { folder.arrays + "/" + name }

  /// Files of the array; `chunk` counts from 0.
  func jobs(_ folder: BatchFolder, _ chunk: Int) -> String {
    path(in: folder) + "/chunk-\(chunk).json"
  }
  func results(_ folder: BatchFolder, _ chunk: Int) -> String {
    path(in: folder) + "/results-\(chunk).jsonl"
  }
  func log(_ folder: BatchFolder, _ chunk: Int) -> String {
    path(in: folder) + "/task-\(chunk).log"
  }
  func lock(_ folder: BatchFolder, _ chunk: Int) -> String {
    path(in: folder) + "/lock-\(chunk)"
  }
  func settings(_ folder: BatchFolder) -> String { path(in: folder) + "/settings.json" }
  /// Is there when the array was called off.
  func cancelled(_ folder: BatchFolder) -> String { path(in: folder) + "/cancelled" }
}

/// The jobs of a task, and what they were planned with.
struct SlurmChunk: Codable, Sendable {
  let jobs: [PlannedJob]
}

extension JobTable {
  /// Arrays whose results are not all in the table.
  func activeArrays() throws -> [SlurmArray] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT name, number, chunks FROM slurm WHERE active").map {
        SlurmArray(name: $0["name"], number: $0["number"], chunks: $0["chunks"])
      }
    }
  }

  func save(_ array: SlurmArray, isActive: Bool) throws {
    try write(durably: true) { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO slurm (name, number, chunks, active) VALUES (?, ?, ?, ?)",
        arguments: [array.name, array.number, array.chunks, isActive])
    }
  }
}

/// What runs inside of a Slurm task: one chunk of a batch's jobs.
public struct SlurmTask {
  private let folder: BatchFolder
  private let array: SlurmArray
  private let chunk: Int

  /// - Parameters:
  ///   - out: the batch's folder.
  ///   - array: the array's name.
  public init(out: String, array: String, chunk: Int) {
    folder = BatchFolder(out)
    self.array = SlurmArray(name: array, chunks: chunk + 1)
    self.chunk = chunk
  }

  /// How the batch was asked to run.
  public func settings() throws -> BatchSettings {
    try read(BatchSettings.self, array.settings(folder))
  }

  /// Does the jobs that an earlier start of the same task has not done.
  public func run(watcher: @escaping BatchWatcher) throws {
    let lock = try FileLock(array.lock(folder, chunk), of: folder)
    defer { withExtendedLifetime(lock) {} }
    let settings = try settings()
    let jobs = try read(SlurmChunk.self, array.jobs(folder, chunk)).jobs
    let journal = try ChunkJournal(path: array.results(folder, chunk))
    let entries = try ChunkJournal.entries(of: array.results(folder, chunk), from: 0).entries
    var settled: Set<String> = []
    for planned in jobs {
      let own = entries.filter { $0.output == planned.job.output }
      switch own.last?.kind {
      case .published: settled.insert(planned.job.output)
      case .failed where own.last?.isFinal == true: settled.insert(planned.job.output)
      case .finished:
        guard let finished = own.last?.finished,
          (try? Publisher(folder: folder).publish(finished)) != nil
        else { continue }
        try journal.published(planned.job)
        settled.insert(planned.job.output)
      default: continue
      }
    }
    let open = jobs.filter { !settled.contains($0.job.output) }
    let editors = try settings.editors()
    let name = "\(array.name)-\(chunk)"
    try BatchRunner(
      open, editors: editors, models: try JobModels(of: open.map(\.job), editors), folder: folder,
      journal: journal, settings: settings.runner(name: name),
      board: ProgressBoard(total: open.count, before: settled.count, watcher: watcher)
    ).run()
    try? FileManager.default.removeItem(atPath: folder.work + "/" + name)
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw BatchError.table(path: path, reason: "no such file")
    }
    return try BatchJSON.decode(type, from: data)
  }
}
