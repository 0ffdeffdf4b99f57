import AudioFiles
import Editing
import Foundation
import Synchronization

/// Runs jobs on threads of this process that share editors and their models.
///
/// Three stages work side by side: one thread reads inputs ahead (their hashes, which leaves them in
/// the system's cache), workers edit, and one thread brings results to the disk and writes them down.
final class BatchRunner: Sendable {
  struct Settings: Sendable {
    var workers = 1
    /// Further attempts after a failure that may pass.
    var retries = 2
    /// Bound of the process's memory, bytes.
    var memory: Int?
    /// Names the working folder, so that several processes can work in one output folder.
    var name = "local"
    var precision = ""
    var previews = true
    var pauseSeconds: @Sendable (_ attempt: Int) -> Double = Failure.pauseSeconds
  }

  private struct Prepared: Sendable {
    let entry: Schedule.Entry
    let stamp: FileStamp
    let isSettled: Bool
    let hash: String
    let identity: String
    let info: AudioInfo
    var job: Job { entry.planned.job }
  }

  private struct Edited: Sendable {
    let prepared: Prepared
    let outcome: Operation.Outcome
    let seconds: Double
    let preview: PreviewMaker?
    let staging: Staging
  }

  private let editors: JobEditors
  private let models: JobModels
  private let folder: BatchFolder
  private let journal: any JobJournal
  private let settings: Settings
  private let board: ProgressBoard
  private let schedule: Schedule
  private let prepared: Channel<Prepared>
  private let edited: Channel<Edited>
  private let gate: MemoryGate
  /// Why everything stops.
  private let end = Mutex<(any Error)?>(nil)

  init(
    _ jobs: [PlannedJob], editors: JobEditors, models: JobModels, folder: BatchFolder,
    journal: any JobJournal, settings: Settings, board: ProgressBoard
  ) {
    self.editors = editors
    self.models = models
    self.folder = folder
    self.journal = journal
    self.settings = settings
    self.board = board
    schedule = Schedule(jobs)
    prepared = Channel(capacity: settings.workers)
    edited = Channel(capacity: settings.workers)
    gate = MemoryGate(bound: settings.memory.map { $0 - MemoryNeed.models(of: jobs) } ?? .max)
  }

  /// Returns when every job is done or has failed.
  /// - Throws: what stopped the batch.
  func run() throws {
    let workers = (0..<settings.workers).map { _ in Worker { self.edit() } }
    let reader = Worker { self.prepare() }
    let writer = Worker { self.finish() }
    reader.join()
    prepared.close()
    for worker in workers { worker.join() }
    edited.close()
    writer.join()
    if let error = end.withLock(\.self) { throw error }
  }

  // MARK: - Stages

  private func prepare() {
    while let entry = schedule.next() {
      do {
        do { prepared.send(try prepare(entry)) } catch {
          try journal.began(entry.planned.job)
          try fail(entry, error)
        }
      } catch { stop(error) }
    }
  }

  private func prepare(_ entry: Schedule.Entry) throws -> Prepared {
    let job = entry.planned.job
    let stamp = try FileStamp(of: job.input)
    let settled = stamp.isSettled
    let hash = try ContentHash.ofFile(job.input)
    return Prepared(
      entry: entry, stamp: stamp, isSettled: settled, hash: hash,
      identity: try identity(of: job, input: hash),
      info: try AudioReader(path: job.input).info)
  }

  private func identity(of job: Job, input hash: String) throws -> String {
    try job.identity(input: hash, models: models, precision: settings.precision)
  }

  private func edit() {
    while let next = prepared.receive() {
      if isStopped { continue }
      do {
        do {
          edited.send(
            try gate.hold(next.entry.planned.memory) {
              try journal.began(next.job)
              return try edit(next)
            })
        } catch  where !(error is Stopped) { try fail(next.entry, error) }
      } catch { stop(error) }
    }
  }

  private func edit(_ next: Prepared) throws -> Edited {
    let job = next.job
    let staging = try Staging(job, in: folder, name: settings.name)
    let start = ContinuousClock.now
    let preview = settings.previews ? try PreviewMaker(next.info) : nil
    let outcome = try job.operation.run(
      editors, on: job.input, to: staging.output, stem: staging.stem,
      names: (job.output, job.stem), listener: preview?.hear
    ) { progress in
      if isStopped { throw Stopped() }
      board.running(job, progress)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    guard try FileStamp(of: job.input) == next.stamp,
      try identity(of: job, input: next.hash) == next.identity
    else { throw InputChanged(path: job.input) }
    return Edited(
      prepared: next, outcome: outcome, seconds: seconds, preview: preview, staging: staging)
  }

  private func finish() {
    while let next = edited.receive() {
      let job = next.prepared.job
      do {
        let result: FinishedJob
        do { result = try stored(next) } catch {
          try fail(next.prepared.entry, error)
          continue
        }
        try journal.finished(job, result)
        try Publisher(folder: folder).publish(result)
        try journal.published(job)
        next.staging.remove()
        board.done(job.output, changed: next.outcome.changed, seconds: next.seconds)
        schedule.settle()
      } catch { stop(error) }
    }
  }

  private func stored(_ next: Edited) throws -> FinishedJob {
    try next.outcome.sidecar.write(to: URL(fileURLWithPath: next.staging.sidecar))
    return FinishedJob(
      identity: next.prepared.identity, inputHash: next.prepared.hash,
      inputStamp: next.prepared.isSettled ? next.prepared.stamp : nil,
      files: try next.staging.store(), obsolete: next.prepared.entry.planned.obsolete,
      outcome: next.outcome, seconds: next.seconds,
      audioSeconds: next.prepared.info.durationSeconds, preview: try next.preview?.finish())
  }

  // MARK: - Failures

  /// Writes a failed attempt down, and lets the job come again if that may help.
  /// - Throws: when the batch cannot go on.
  private func fail(_ entry: Schedule.Entry, _ error: any Error) throws {
    let job = entry.planned.job
    let failure = Failure(error)
    let comesAgain = failure == .mayPass && entry.attempt <= settings.retries
    try journal.failed(job, "\(error)", isFinal: failure != .diskFull && !comesAgain)
    if failure == .diskFull { throw BatchError.diskFull(folder: folder.path) }
    guard comesAgain else {
      board.failed(job.output, "\(error)")
      schedule.settle()
      return
    }
    var next = entry
    next.attempt += 1
    let pause = settings.pauseSeconds(next.attempt)
    board.again(job, "\(error)", afterSeconds: pause)
    schedule.again(next, afterSeconds: pause)
  }

  private struct Stopped: Error {}

  private var isStopped: Bool { end.withLock { $0 != nil } }

  private func stop(_ error: any Error) {
    if error is Stopped { return }
    end.withLock { if $0 == nil { $0 = error } }
    schedule.stop()
  }
}

/// A thread that can be waited for, with room for libsndfile's encoders on its stack.
private final class Worker {
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread { [done] in
      body()
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  func join() { done.wait() }
}
