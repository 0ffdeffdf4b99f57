import AudioFiles
import Checkpoints
import Editing
import Foundation

/// What is told at the end of a batch: `report.json` and `report.html`, failures first.
struct BatchReport {
  let summary: BatchSummary
  let rows: [JobRow]
  let models: [LoadedModel]

  /// Failures, then what is not done, then the rest, each in the list's order.
  private var sorted: [JobRow] {
    let order: [JobState] = [.failed, .waiting, .running, .publishing, .done]
    return order.flatMap { state in rows.filter { $0.state == state } }
  }

  func write(to folder: BatchFolder) throws {
    try Self.write(try json(), to: folder.reportJSON)
    try Self.write(
      Data(ReportPage(summary: summary, rows: sorted).html.utf8), to: folder.reportPage)
  }

  private static func write(_ data: Data, to path: String) throws {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
      throw AudioFileError.system(path: path, code: ENOSPC)
    } catch {
      throw EditError.cannotWrite(path: path, reason: (error as NSError).localizedDescription)
    }
  }

  private func json() throws -> Data {
    let jobs = try sorted.map { row -> JSONValue in
      var members: [String: JSONValue] = [
        "output": .string(row.job.output), "input": .string(row.job.input),
        "instruction": .string(row.job.operation.title), "state": .string(row.state.rawValue),
        "attempts": .integer(row.attempts),
      ]
      if let problem = row.problem { members["problem"] = .string(problem) }
      guard row.state == .done, let finished = row.finished else { return .object(members) }
      members["changed"] = .bool(finished.outcome.changed)
      members["seconds"] = .number(finished.seconds)
      members["audioSeconds"] = .number(finished.audioSeconds)
      members["inputSHA256"] = .string(finished.inputHash)
      members["files"] = .object(
        Dictionary(uniqueKeysWithValues: finished.files.map { ($0.name, .string($0.sha256)) }))
      members["edit"] = try JSONValue(parsing: Array(finished.outcome.sidecar))
      if let preview = finished.preview {
        members["loudnessBeforeLUFS"] = preview.loudnessBefore.map { .number($0) }
        members["loudnessAfterLUFS"] = preview.loudnessAfter.map { .number($0) }
        members["peakAfterDBFS"] = preview.peakAfter.map { .number($0) }
        members["siSDRToInputDB"] = preview.likeness.map { .number($0) }
      }
      return .object(members)
    }
    let totals = try JSONValue(parsing: Array(BatchJSON.encode(summary)))
    let packages = try JSONValue(parsing: Array(BatchJSON.encode(models)))
    let report = JSONValue.object([
      "program": .string("aedit"), "version": .string(SongEditor.version), "batch": totals,
      "models": packages, "jobs": .array(jobs),
    ])
    return Data((report.text + "\n").utf8)
  }
}
