import CKernels
import COpenBLAS
import Dispatch
import Foundation
import Synchronization

/// The number of threads that parallel loops use; the libraries underneath always run with one.
///
/// Work is cut into tiles whose borders depend on the sizes alone, so results are the same bytes
/// for any number of threads.
public enum Threads {
  private static let setting = Atomic<Int>(0)
  private static let firstCall = Mutex(())

  /// Threads in use: the number given to ``set(_:)``, else the processors of this machine.
  public static var count: Int {
    let set = setting.load(ordering: .relaxed)
    return set > 0 ? set : ProcessInfo.processInfo.activeProcessorCount
  }

  /// Sets the number of threads for all later work; below 1 means all processors.
  public static func set(_ count: Int) { setting.store(max(0, count), ordering: .relaxed) }

  /// Makes OpenBLAS run single-threaded when called from this thread.
  ///
  /// Its OpenMP build keeps the number of threads for each calling thread, and a thread that never
  /// set it switches the whole library back to all processors.
  static func prepareLibraries() {
    if ck_first_call_on_thread() { firstCall.withLock { _ in openblas_set_num_threads(1) } }
  }
}

/// Runs `body` for each index of `0..<tiles`, on up to ``Threads/count`` threads.
///
/// `body` must write only what belongs to its tile. Inside another parallel loop the tiles run
/// one after the other.
public func parallelFor(_ tiles: Int, _ body: (Int) -> Void) {
  let workers = min(tiles, Threads.count)
  guard workers > 1, !ck_worker_marked() else {
    for tile in 0..<tiles { body(tile) }
    return
  }
  let next = Atomic<Int>(0)
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let former = ck_worker_mark(true)
      defer { _ = ck_worker_mark(former) }
      while true {
        let tile = next.add(1, ordering: .relaxed).oldValue
        if tile >= tiles { break }
        body(tile)
      }
    }
  }
}

/// Runs `body` on consecutive pieces of `0..<count`, each of `grain` indices (the last may be
/// shorter), on up to ``Threads/count`` threads.
public func parallelRanges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
  let grain = max(1, grain)
  parallelFor((count + grain - 1) / grain) { tile in
    body(tile * grain..<min(count, (tile + 1) * grain))
  }
}
