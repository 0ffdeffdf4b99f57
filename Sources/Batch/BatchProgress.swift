import Editing
import Foundation
import Synchronization

/// How far a batch has come.
public struct BatchProgress: Sendable {
  /// Jobs of this run, and those that earlier runs finished.
  public internal(set) var total: Int
  public internal(set) var before: Int
  public internal(set) var done = 0
  public internal(set) var failed = 0
  /// What runs now, by output.
  public internal(set) var running: [String: EditProgress] = [:]
  let start = Date()

  /// Jobs an hour in this run; nil until one has ended.
  public var filesPerHour: Double? {
    let seconds = Date().timeIntervalSince(start)
    return done + failed > 0 && seconds > 0 ? Double(done + failed) / seconds * 3600 : nil
  }

  /// Expected time to the end; nil until a job has ended.
  public var secondsLeft: Double? {
    filesPerHour.map { Double(total - done - failed) / $0 * 3600 }
  }
}

/// Takes a batch's progress, from any thread but one call at a time.
///
/// The line, if there is one, says in words what has just happened.
public typealias BatchWatcher = @Sendable (BatchProgress, String?) -> Void

/// Counts what happens and tells the watcher.
final class ProgressBoard: Sendable {
  private let progress: Mutex<BatchProgress>
  private let watcher: BatchWatcher

  init(total: Int, before: Int, watcher: @escaping BatchWatcher) {
    progress = Mutex(BatchProgress(total: total, before: before))
    self.watcher = watcher
  }

  func update(_ line: String? = nil, _ change: (inout BatchProgress) -> Void = { _ in }) {
    progress.withLock {
      change(&$0)
      watcher($0, line)
    }
  }

  func running(_ job: Job, _ progress: EditProgress) {
    update { $0.running[job.output] = progress }
  }

  func done(_ job: Job, changed: Bool, seconds: Double) {
    let note = changed ? "" : ", nothing to change"
    update("done \(job.output) (\(String(format: "%.1f", seconds)) s\(note))") {
      $0.running[job.output] = nil
      $0.done += 1
    }
  }

  func failed(_ job: Job, _ problem: String) {
    update("failed \(job.output): \(problem)") {
      $0.running[job.output] = nil
      $0.failed += 1
    }
  }

  func again(_ job: Job, _ problem: String, afterSeconds seconds: Double) {
    update("again in \(Int(seconds.rounded(.up))) s: \(job.output): \(problem)") {
      $0.running[job.output] = nil
    }
  }
}
