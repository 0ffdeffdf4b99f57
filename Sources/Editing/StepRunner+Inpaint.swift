import AudioFiles
import Instructions

extension StepRunner {
  /// Fills the region of a step with the song's own sound.
  func inpaint(
    _ step: PlanStep, _ region: Range<Int>, on song: Song, progress: @escaping ProgressHandler
  ) throws -> Outcome {
    let rate = Double(song.info.sampleRate)
    let filling = try SongInpainter(song: song).fill(region) {
      try progress(EditProgress(fraction: $0, activity: "looking for what fits"))
    }
    var report = StepReport(
      operation: step.operation.rawValue, target: step.target, attributes: step.attributes,
      region: [Double(region.lowerBound) / rate, Double(region.upperBound) / rate],
      confidence: step.confidence, prompt: "", method: EditMethod.copy.rawValue,
      formula: SongChange.patchFormula, presence: nil, stemLUFS: nil, songLUFS: nil, changeLU: nil,
      gainDB: 0, loweredDB: 0, audible: true)
    report.copiedFrom = filling.source
    report.unlikenessDB = (filling.distance * 100).rounded() / 100
    return Outcome(report: report, change: .patch(filling.patch))
  }

  /// - Throws: ``EditError`` for what cannot be said of a filled gap.
  static func checkInpainting(_ region: Range<Int>, of info: AudioInfo, _ options: EditOptions)
    throws
  {
    guard region.count < info.frameCount else {
      throw EditError.unsupported(
        what: "no gap is named", hint: "say where it is, with --region or 'from 0:12 to 0:12.8'")
    }
    guard options.strength == 1 else {
      throw EditError.unsupported(
        what: "--strength says nothing about a filled gap", hint: "leave it out")
    }
  }
}
