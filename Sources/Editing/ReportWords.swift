import Foundation
import Instructions

extension EditReport {
  /// For people: a sentence for each step, and what to know of the result.
  public var notes: [String] {
    var lines = steps.map(\.summary) + warnings.map { "note: \($0)" }
    if clippedSamples > 0 {
      lines.append(
        "note: samples that pass full scale and were held at it: \(clippedSamples); try --headroom")
    }
    if headroomGain < 1 {
      let lowered = -20 * log10(headroomGain)
      lines.append("the whole song was lowered by \(decimal(lowered)) dB")
    }
    return lines
  }
}

extension StepReport {
  fileprivate var summary: String {
    let highs = PlanOperation.superResolve.rawValue
    if operation == highs, cutoffHz == nil {
      return "the recording has all its highs: no cut-off was found under 19 kHz"
    }
    guard audible || operation == SoundChanger.operation else {
      if let changeLU, changeLU > StepRunner.audibleLU {
        return "\(operation) the \(target): nothing that is surely there"
          + " (what is most like it lies \(decimal(-changeLU)) LU under the song)"
      }
      let sure =
        presence.map { " (\(Int(($0 * 100).rounded()))% sure that the song has any)" } ?? ""
      return "\(operation) the \(target): nothing that could be heard\(sure)"
    }
    guard operation != SoundChanger.operation else {
      return "changed by \(method): \(target); re-synthesised in mono by the model"
    }
    if let copiedFrom, let unlikenessDB {
      let place = TimeRange(startSeconds: region[0], endSeconds: region[1])
      return "filled \(place) with the song's own sound from \(TimeRange.clock(copiedFrom))"
        + (unlikenessDB > SongInpainter.doubtfulDB
          ? "; nothing in the song is much like what is around it: listen to it" : "")
    }
    let verb =
      ["add": "added", "remove": "removed", "remix": "remixed with", highs: "restored"][operation]
      ?? "kept only"
    var line = "\(verb) the \(target)"
    if let cutoffHz { line += " over \(Int(cutoffHz.rounded())) Hz" }
    if let stemLUFS, let songLUFS {
      let relative = stemLUFS - songLUFS + (operation == "add" ? gainDB : 0)
      line += ", \(decimal(abs(relative))) LU \(relative < 0 ? "under" : "over") the song"
    }
    if loweredDB < 0 {
      line += ", lowered by \(decimal(-loweredDB)) dB to keep the sum under full scale"
    }
    if method == EditMethod.diffusion.rawValue, !["add", "remix"].contains(operation) {
      line += "; re-synthesised in mono by the model, not the recording itself"
    }
    return line
  }
}

/// With one decimal.
private func decimal(_ value: Double) -> String { String(format: "%.1f", value) }
