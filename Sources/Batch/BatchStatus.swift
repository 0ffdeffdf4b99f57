import Foundation

/// How a batch stands.
public struct BatchStatus: Sendable, Encodable {
  public let folder: String
  /// Jobs by state.
  public let jobs: [String: Int]
  /// Who works on it now; nil when nobody does.
  public let owner: String?
  /// Slurm's numbers of arrays whose results are not all in the table, with their tasks' states.
  public let arrays: [String: [String]]

  /// - Throws: ``BatchError``
  public init(folder path: String) throws {
    let folder = BatchFolder(path)
    guard JobTable.exists(folder) else { throw BatchError.none(folder: path) }
    let table = try JobTable(folder, readOnly: true)
    var states = Dictionary(
      uniqueKeysWithValues: try table.rows().map { ($0.job.output, $0.state) })
    var arrays: [String: [String]] = [:]
    for array in try table.activeArrays() {
      // What tasks have done since the table was last written.
      for chunk in 0..<array.chunks {
        let entries = try ChunkJournal.entries(of: array.results(folder, chunk), from: 0).entries
        for entry in entries where states[entry.output] != .done {
          states[entry.output] = entry.state
        }
      }
      let tasks = try array.number.map { try SlurmCommands.tasks(of: $0) ?? ["no answer"] }
      arrays[array.number ?? array.name] = tasks ?? []
    }
    self.folder = folder.path
    self.arrays = arrays
    let owner = FileLock.owner(folder.lock)
    self.owner = owner
    if owner == nil, arrays.values.allSatisfy(\.isEmpty) {
      // Whoever ran them is gone.
      states = states.mapValues { $0 == .running ? .waiting : $0 }
    }
    jobs = Dictionary(grouping: states.values, by: \.rawValue).mapValues(\.count)
  }
}

extension ChunkJournal.Entry {
  fileprivate var state: JobState {
    switch kind {
    case .began: .running
    case .finished: .publishing
    case .published: .done
    case .failed: isFinal == true ? .failed : .waiting
    }
  }
}

/// Calls a batch off; what was finished stays, and it can go on later.
public enum BatchCancellation {
  /// - Returns: what was stopped, in words.
  /// - Throws: ``BatchError``
  public static func cancel(folder path: String) throws -> [String] {
    let folder = BatchFolder(path)
    guard JobTable.exists(folder) else { throw BatchError.none(folder: path) }
    var stopped: [String] = []
    for array in try JobTable(folder, readOnly: true).activeArrays() {
      // For the process that follows the array: not to submit what is left again.
      guard FileManager.default.createFile(atPath: array.cancelled(folder), contents: nil) else {
        throw BatchError.table(path: array.cancelled(folder), reason: "it cannot be written")
      }
      guard let number = try array.number ?? SlurmCommands.number(named: array.name) else {
        continue
      }
      try SlurmCommands.cancel(number)
      stopped.append("Slurm array \(number)")
    }
    if stopped.isEmpty, let owner = FileLock.owner(folder.lock) {
      let words = owner.split(separator: " ")
      guard words.count == 4, words[3] == ProcessInfo.processInfo.hostName,
        let process = pid_t(words[1]), kill(process, SIGTERM) == 0
      else {
        throw BatchError.locked(folder: folder.path, owner: owner)
      }
      stopped.append(owner)
    }
    return stopped
  }
}
