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

  func done(_ output: String, changed: Bool, seconds: Double) {
    let note = changed ? "" : ", nothing to change"
    update("done \(output) (\(String(format: "%.1f", seconds)) s\(note))") {
      $0.running[output] = nil
      $0.done += 1
    }
  }

  func failed(_ output: String, _ problem: String) {
    update("failed \(output): \(problem)") {
      $0.running[output] = nil
      $0.failed += 1
    }
  }

  /// Tasks of a Slurm array that have not ended, as Slurm names their states.
  func waiting(_ states: [String]) {
    let counts = Dictionary(grouping: states, by: \.self).map { "\($0.value.count) \($0.key)" }
    update {
      $0.running = $0.running.filter { $0.key != Self.slurm }
      let words = counts.sorted().joined(separator: ", ")
      $0.running[Self.slurm] = EditProgress(fraction: 0, activity: words)
    }
  }

  private static let slurm = "Slurm"

  /// What a Slurm task has written down.
  func take(_ entry: ChunkJournal.Entry) {
    switch entry.kind {
    case .began:
      update {
        $0.running[entry.output] = EditProgress(fraction: 0, activity: "on \(entry.host)")
      }
    case .finished:
      guard let finished = entry.finished else { return }
      done(entry.output, changed: finished.outcome.changed, seconds: finished.seconds)
    case .published: return
    case .failed:
      if entry.isFinal == true {
        failed(entry.output, entry.problem ?? "")
      } else {
        update("again: \(entry.output): \(entry.problem ?? "")") {
          $0.running[entry.output] = nil
        }
      }
    }
  }

  func again(_ job: Job, _ problem: String, afterSeconds seconds: Double) {
    update("again in \(Int(seconds.rounded(.up))) s: \(job.output): \(problem)") {
      $0.running[job.output] = nil
    }
  }
}
