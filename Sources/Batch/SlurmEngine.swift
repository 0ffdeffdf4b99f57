import AudioFiles
import Editing
import Foundation

/// Runs jobs as a Slurm job array and brings what comes of them into the job table.
///
/// The tasks share nothing but files: each has a chunk of jobs and writes a journal of its own.
/// Slurm starts a task again when its node fails; it goes on where it was. What an array leaves
/// undone (a task was killed, ran out of time or memory) is submitted again.
struct SlurmEngine {
  let folder: BatchFolder
  let table: JobTable
  let settings: BatchSettings

  /// Runs jobs that the table lists.
  func run(_ jobs: [PlannedJob], _ board: ProgressBoard) throws {
    var open = jobs
    for attempt in 0...settings.retries where !open.isEmpty {
      let array = try submit(open)
      let count = "\(open.count) jobs in \(array.chunks) tasks"
      board.update("Slurm array \(array.number ?? "") (\(array.name)): \(count)")
      try follow(array, board)
      let settled = Set(
        try table.rows().filter { $0.state == .done || $0.state == .failed }.map(\.job.output))
      let left = open.filter { !settled.contains($0.job.output) }
      // A task that ended for want of disk space could say so only on that disk.
      if !left.isEmpty, folder.isFull { throw BatchError.diskFull(folder: folder.path) }
      if attempt == settings.retries {
        for planned in left { try giveUp(planned.job, array, board) }
      } else if !left.isEmpty {
        board.update("again: \(left.count) jobs whose tasks ended without doing them")
      }
      open = left
    }
  }

  /// Brings in what arrays of an earlier run did, once they have ended.
  /// - Throws: ``BatchError/slurm(what:hint:)`` when one has not, and this run is to use no Slurm.
  func settle(_ board: ProgressBoard) throws {
    for var array in try table.activeArrays() {
      if array.number == nil { array.number = try SlurmCommands.number(named: array.name) }
      if settings.engine != .slurm, let number = array.number,
        try SlurmCommands.tasks(of: number)?.isEmpty != true
      {
        throw BatchError.slurm(
          what: "array \(number) works on \(folder.path)",
          hint: "go on with --engine slurm, or first: aedit batch cancel --out \(folder.path)")
      }
      // Going on overrules an earlier cancelling.
      unlink(array.cancelled(folder))
      try follow(array, board)
    }
  }

  // MARK: - Submitting

  private func submit(_ jobs: [PlannedJob]) throws -> SlurmArray {
    let chunks = stride(from: 0, to: jobs.count, by: settings.chunk).map {
      Array(jobs[$0..<min($0 + settings.chunk, jobs.count)])
    }
    let name = "aedit-" + UUID().uuidString.prefix(8).lowercased()
    var array = SlurmArray(name: name, chunks: chunks.count)
    try BatchFolder.makeFolder(array.path(in: folder))
    for (number, jobs) in chunks.enumerated() {
      try write(SlurmChunk(jobs: jobs), to: array.jobs(folder, number))
    }
    // All machines calculate as this one does, or the results would differ.
    var common = settings
    common.precision = settings.arithmetic
    try write(common, to: array.settings(folder))
    // Its name stands in the table before Slurm knows it: it cannot be forgotten.
    try table.save(array, isActive: true)
    var arguments = [
      "--job-name=\(name)", "--array=0-\(chunks.count - 1)", "--requeue", "--open-mode=append",
      "--output=\(array.path(in: folder))/task-%a.log",
      "--cpus-per-task=\(settings.workers * (settings.threads ?? 1))",
      "--chdir=\(FileManager.default.currentDirectoryPath)",
    ]
    if let memory = settings.memory { arguments.append("--mem=\(max(1, memory >> 20))M") }
    arguments += ["--wrap", script(array)]
    do { array.number = try SlurmCommands.submit(arguments) } catch {
      try table.save(array, isActive: false)
      throw error
    }
    try table.save(array, isActive: true)
    return array
  }

  /// What a task runs.
  private func script(_ array: SlurmArray) -> String {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
    return "exec \(quoted(program ?? "aedit")) batch task --out \(quoted(folder.path)) "
      + "--array \(array.name) --chunk \"$SLURM_ARRAY_TASK_ID\""
  }

  private func write(_ value: some Encodable, to path: String) throws {
    try BatchJSON.encode(value).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  // MARK: - Following

  /// Takes an array's results in until none of its tasks is left.
  private func follow(_ array: SlurmArray, _ board: ProgressBoard) throws {
    var offsets = [Int](repeating: 0, count: array.chunks)
    var pause = 1.0
    while true {
      // Asked first: what a task wrote before its end is then read after it.
      let tasks = array.number == nil ? [] : try SlurmCommands.tasks(of: array.number ?? "")
      try merge(array, &offsets, board)
      if FileManager.default.fileExists(atPath: array.cancelled(folder)), tasks?.isEmpty == true {
        try table.save(array, isActive: false)
        throw BatchError.cancelled(folder: folder.path)
      }
      if let tasks, tasks.isEmpty { break }
      board.waiting(tasks ?? ["Slurm does not answer"])
      // Slurm's controller is asked less and less often, results are looked for every second.
      for _ in 0..<Int(pause) {
        sleep(1)
        try merge(array, &offsets, board)
      }
      pause = min(15, pause * 1.5)
    }
    try table.save(array, isActive: false)
    for chunk in 0..<array.chunks {
      try? FileManager.default.removeItem(atPath: folder.work + "/\(array.name)-\(chunk)")
    }
  }

  private func merge(
    _ array: SlurmArray, _ offsets: inout [Int], _ board: ProgressBoard
  ) throws {
    for chunk in offsets.indices {
      let (entries, end) = try ChunkJournal.entries(
        of: array.results(folder, chunk), from: offsets[chunk])
      offsets[chunk] = end
      for entry in try table.merge(entries) { board.take(entry) }
    }
  }

  // MARK: - What was left undone

  private func giveUp(_ job: Job, _ array: SlurmArray, _ board: ProgressBoard) throws {
    let problem =
      "its Slurm task ended \(settings.retries + 1) times without doing it; "
      + "see the logs in \(array.path(in: folder))"
    try table.failed(job, problem, isFinal: true)
    board.failed(job.output, problem)
  }
}
