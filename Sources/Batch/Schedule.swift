import Foundation

/// Jobs that wait for their turn, with the ones that failed and come again later.
final class Schedule: @unchecked Sendable {
  struct Entry: Sendable {
    let planned: PlannedJob
    /// From 1.
    var attempt: Int
  }

  private let condition = NSCondition()
  private var ready: [Entry]
  private var later: [(time: Date, entry: Entry)] = []
  /// Jobs that are neither done nor failed for good.
  private var open: Int
  private var stopped = false

  init(_ jobs: [PlannedJob]) {
    // Taken from the end.
    ready = jobs.reversed().map { Entry(planned: $0, attempt: 1) }
    open = jobs.count
  }

  /// The next job, once there is one; nil when all are settled, or after ``stop()``.
  func next() -> Entry? {
    condition.lock()
    defer { condition.unlock() }
    while open > 0, !stopped {
      if let due = later.indices.first(where: { later[$0].time <= Date() }) {
        return later.remove(at: due).entry
      }
      if let entry = ready.popLast() { return entry }
      if let soonest = later.map(\.time).min() {
        _ = condition.wait(until: soonest)
      } else {
        condition.wait()
      }
    }
    return nil
  }

  /// A job is done or has failed for good.
  func settle() {
    condition.lock()
    open -= 1
    condition.broadcast()
    condition.unlock()
  }

  /// A job comes again.
  func again(_ entry: Entry, afterSeconds seconds: Double) {
    condition.lock()
    later.append((Date(timeIntervalSinceNow: seconds), entry))
    condition.broadcast()
    condition.unlock()
  }

  func stop() {
    condition.lock()
    stopped = true
    condition.broadcast()
    condition.unlock()
  }
}

/// Hands values from threads to threads, a few at a time.
final class Channel<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let capacity: Int
  private var values: [Value] = []
  private var closed = false

  init(capacity: Int) { self.capacity = capacity }

  /// Waits for room; what comes after ``close()`` is dropped.
  func send(_ value: Value) {
    condition.lock()
    defer { condition.unlock() }
    while values.count >= capacity, !closed { condition.wait() }
    if !closed { values.append(value) }
    condition.broadcast()
  }

  /// The next value; nil when the channel is closed and empty.
  func receive() -> Value? {
    condition.lock()
    defer { condition.unlock() }
    while values.isEmpty, !closed { condition.wait() }
    guard !values.isEmpty else { return nil }
    defer { condition.broadcast() }
    return values.removeFirst()
  }

  func close() {
    condition.lock()
    closed = true
    condition.broadcast()
    condition.unlock()
  }
}

/// Lets edits begin only while what they all need stays under a bound.
final class MemoryGate: @unchecked Sendable {
  private let condition = NSCondition()
  private let bound: Int
  private var taken = 0

  /// - Parameter bound: for the edits together, bytes.
  init(bound: Int) { self.bound = bound }

  /// Waits until the bytes are free, then runs `body` with them. A single edit always runs.
  func hold<Result>(_ bytes: Int, _ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    while taken > 0, taken + bytes > bound { condition.wait() }
    taken += bytes
    condition.unlock()
    defer {
      condition.lock()
      taken -= bytes
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }
}
