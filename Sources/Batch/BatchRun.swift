import AudioFiles
import Editing
import Foundation
import Tensors

/// How a batch is run; nothing here changes what comes out, but for the models.
public struct BatchSettings: Codable, Sendable, Equatable {
  public enum Engine: String, Codable, Sendable, CaseIterable {
    /// On this machine.
    case local
    /// As a Slurm job array.
    case slurm
  }

  public var engine = Engine.local
  /// Edits side by side, in each process.
  public var workers = 1
  /// Further attempts after a failure that may pass.
  public var retries = 2
  /// Bound of a process's memory, bytes; nil for none.
  public var memory: Int?
  /// Jobs of a Slurm task.
  public var chunk = 20
  /// Whether the report gets measures and pictures.
  public var previews = true
  /// Folder of a model package, or of several.
  public var model: String?
  /// LoRA files of all edits.
  public var loras: [String] = []
  public var precision = Precision.auto
  /// Processor threads of an edit; nil for all.
  public var threads: Int?

  public init() {}

  func editors() throws -> JobEditors {
    JobEditors(
      songs: try SongEditor(model: model, loras: loras, precision: precision),
      speech: try SpeechEditor(model: model, precision: precision))
  }

  /// The arithmetic that `precision` means on this processor.
  var arithmetic: Precision { precision.usesBF16 ? .bf16 : .fp32 }
}

/// How a batch ended.
public struct BatchSummary: Sendable, Codable, Equatable {
  public var folder: String
  public var total = 0
  /// Finished in this run, and how many of those came out as they went in.
  public var done = 0
  public var unchanged = 0
  public var failed = 0
  /// Finished by earlier runs.
  public var before = 0
  public var seconds = 0.0
}

/// A batch: many edits and fills, of which nothing is lost and nothing is done twice.
public struct BatchRun {
  /// A job and what would become of it.
  public struct Item: Sendable, Encodable {
    public let input: String
    public let output: String
    public let stem: String?
    public let instruction: String
    /// False when an earlier run did it.
    public let runs: Bool
  }

  private let request: BatchRequest
  private let settings: BatchSettings
  private let resumes: Bool
  private let folder: BatchFolder
  private let makeEditors: @Sendable () throws -> JobEditors

  /// - Parameter resumes: whether to go on with the batch that the folder holds; with no inputs, as
  ///   its list says.
  public init(_ request: BatchRequest, settings: BatchSettings, resumes: Bool) {
    self.init(request, settings: settings, resumes: resumes, editors: settings.editors)
  }

  /// - Parameter editors: makes what does the jobs.
  package init(
    _ request: BatchRequest, settings: BatchSettings, resumes: Bool,
    editors: @escaping @Sendable () throws -> JobEditors
  ) {
    makeEditors = editors
    self.request = request
    self.settings = settings
    self.resumes = resumes
    folder = BatchFolder(request.out)
  }

  /// What a run would do; writes nothing.
  /// - Returns: the jobs, and what the user should know.
  /// - Throws: ``BatchError``, `CheckpointError`
  public func preview() throws -> (jobs: [Item], notes: [String]) {
    let editors = try makeEditors()
    let plan = try plan(editors)
    let models = try JobModels(of: plan.jobs.map(\.job), editors)
    let rows = JobTable.exists(folder) ? try JobTable(folder, readOnly: true).rows() : []
    let settled = Settled(
      rows, folder: folder, models: models, precision: settings.arithmetic.rawValue)
    let items = plan.jobs.map { planned in
      Item(
        input: planned.job.input, output: folder.place(of: planned.job.output),
        stem: planned.job.stem.map(folder.place), instruction: planned.job.operation.title,
        runs: !settled.contains(planned.job))
    }
    return (items, plan.notes)
  }

  /// Runs the batch and writes its report.
  /// - Throws: ``BatchError``, `CheckpointError`; what was finished is kept.
  public func run(watcher: @escaping BatchWatcher) throws -> BatchSummary {
    let start = ContinuousClock.now
    if let owner = FileLock.owner(folder.lock) {
      throw BatchError.locked(folder: folder.path, owner: owner)
    }
    let editors = try makeEditors()
    let plan = try plan(editors)
    let models = try JobModels(of: plan.jobs.map(\.job), editors)
    do {
      try folder.make()
      let lock = try FileLock(folder.lock, of: folder)
      defer { withExtendedLifetime(lock) {} }
      let table = try JobTable(folder)
      let doneBefore = try doneOutputs(table)
      try settleArrays(table, watcher)
      try recover(table)
      try table.list(plan.jobs.map(\.job))
      let settled = Settled(
        try table.rows(), folder: folder, models: models, precision: settings.arithmetic.rawValue)
      let (done, open) = plan.jobs.split { settled.contains($0.job) }
      try table.set(.done, done.map(\.job))
      try table.set(.waiting, open.map(\.job))
      let board = ProgressBoard(total: open.count, before: done.count, watcher: watcher)
      for note in plan.notes { board.update(note) }
      try run(replacing(open, table), editors, models, table, board)
      try? FileManager.default.removeItem(atPath: folder.work)
      var summary = BatchSummary(folder: folder.path, total: plan.jobs.count)
      summary.seconds = (ContinuousClock.now - start) / .seconds(1)
      let old = doneBefore.intersection(done.map(\.job.output))
      summary.before = old.count
      for row in try table.rows() where !old.contains(row.job.output) {
        if row.state == .done { summary.done += 1 }
        if row.state == .failed { summary.failed += 1 }
        if row.state == .done, row.finished?.outcome.changed == false { summary.unchanged += 1 }
      }
      try BatchReport(summary: summary, rows: try table.rows(previews: true), models: models.all)
        .write(to: folder)
      return summary
    } catch let error where Failure(error) == .diskFull {
      throw BatchError.diskFull(folder: folder.path)
    }
  }

  private func run(
    _ jobs: [PlannedJob], _ editors: JobEditors, _ models: JobModels, _ table: JobTable,
    _ board: ProgressBoard
  ) throws {
    guard !jobs.isEmpty else { return }
    if settings.engine == .slurm {
      return try SlurmEngine(folder: folder, table: table, settings: settings).run(jobs, board)
    }
    try BatchRunner(
      jobs, editors: editors, models: models, folder: folder, journal: table,
      settings: settings.runner(name: "local"), board: board
    ).run()
  }

  /// Adds to each job what its files replace without having its name.
  private func replacing(_ jobs: [PlannedJob], _ table: JobTable) throws -> [PlannedJob] {
    let rows = try table.rows()
    let kept = Set(rows.flatMap(\.job.files))
    let former = Dictionary(
      uniqueKeysWithValues: rows.map { ($0.job.output, $0.finished?.files ?? []) })
    return jobs.map { planned in
      var planned = planned
      planned.obsolete = former[planned.job.output, default: []].filter { !kept.contains($0.name) }
      return planned
    }
  }

  private func doneOutputs(_ table: JobTable) throws -> Set<String> {
    Set(try table.rows().filter { $0.state == .done }.map(\.job.output))
  }

  // MARK: - Preparation

  private func plan(_ editors: JobEditors) throws -> JobPlanner.Plan {
    let exists = JobTable.exists(folder)
    if exists, !resumes { throw BatchError.exists(folder: folder.path) }
    if request.inputs.isEmpty, !exists { throw BatchError.none(folder: folder.path) }
    let table = exists ? try JobTable(folder, readOnly: true) : nil
    let planner = JobPlanner(
      editors: editors, request: request, known: try table?.outputs() ?? [])
    let plan =
      if request.inputs.isEmpty, let table {
        try planner.plan(again: try table.rows().map(\.job))
      } else { try planner.plan() }
    if let memory = settings.memory,
      let largest = plan.jobs.max(by: { $0.memory < $1.memory })
    {
      let needed = MemoryNeed.models(of: plan.jobs) + largest.memory
      guard needed <= memory else {
        throw BatchError.memory(allowed: memory, needed: needed, job: largest.source)
      }
    }
    return plan
  }

  /// Brings in what Slurm arrays of a former run did, once they have ended.
  private func settleArrays(_ table: JobTable, _ watcher: @escaping BatchWatcher) throws {
    let arrays = try table.activeArrays()
    guard !arrays.isEmpty else { return }
    let jobs = try table.rows().count { $0.state != .done && $0.state != .failed }
    let board = ProgressBoard(total: jobs, before: 0, watcher: watcher)
    board.update("an earlier run's Slurm array is followed to its end first")
    try SlurmEngine(folder: folder, table: table, settings: settings).settle(board)
  }

  /// Gives those files their names that a former run finished and did not come to name.
  private func recover(_ table: JobTable) throws {
    for row in try table.rows() where row.state == .publishing {
      if let finished = row.finished, (try? Publisher(folder: folder).publish(finished)) != nil {
        try table.published(row.job)
      } else {
        try table.set(.waiting, [row.job])
      }
    }
    try? FileManager.default.removeItem(atPath: folder.work + "/local")
  }
}

/// Knows which jobs need not run: finished with the same input, operation and models, and their
/// files are as they were.
private struct Settled {
  private let rows: [String: JobRow]
  private let folder: BatchFolder
  private let models: JobModels
  private let precision: String

  init(_ rows: [JobRow], folder: BatchFolder, models: JobModels, precision: String) {
    self.rows = Dictionary(uniqueKeysWithValues: rows.map { ($0.job.output, $0) })
    self.folder = folder
    self.models = models
    self.precision = precision
  }

  func contains(_ job: Job) -> Bool {
    guard let row = rows[job.output], row.state != .failed, let finished = row.finished,
      let stamp = try? FileStamp(of: job.input)
    else { return false }
    let same = stamp == finished.inputStamp
    guard let hash = same ? finished.inputHash : try? ContentHash.ofFile(job.input),
      let identity = try? job.identity(input: hash, models: models, precision: precision)
    else { return false }
    return identity == finished.identity && finished.files.map(\.name) == job.files
      && finished.files.allSatisfy(Publisher(folder: folder).isIntact)
  }
}

extension BatchSettings {
  func runner(name: String) -> BatchRunner.Settings {
    BatchRunner.Settings(
      workers: workers, retries: retries, memory: memory, name: name,
      precision: arithmetic.rawValue,
      previews: previews)
  }
}

extension Array {
  /// The elements for which something holds, and the others.
  fileprivate func split(_ holds: (Element) -> Bool) -> ([Element], [Element]) {
    var parts: ([Element], [Element]) = ([], [])
    for element in self {
      if holds(element) { parts.0.append(element) } else { parts.1.append(element) }
    }
    return parts
  }
}
