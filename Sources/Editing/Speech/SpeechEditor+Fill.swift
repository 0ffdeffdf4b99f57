import AudioFiles
import Editors
import Foundation
import Transcripts

extension SpeechEditor {
  /// Finds the gaps of a recording and what is said in them, and writes nothing.
  ///
  /// - Throws: as ``fill(_:transcript:to:options:progress:)``.
  public func gaps(
    _ input: String, transcript: Transcript, options: FillOptions,
    progress: ProgressHandler = { _ in }
  ) throws -> [GapReport] {
    try plan(Song(path: input), transcript, options, progress).reports
  }

  /// Finds out without any work what would keep a recording from being filled.
  ///
  /// - Parameter info: of the recording.
  /// - Throws: ``EditError``
  public func check(_ options: FillOptions, on info: AudioInfo) throws {
    try checkLength(info)
    guard case .given(let ranges) = options.gaps else { return }
    for gap in try GapPlan.given(ranges, in: info) { try gap.checkLength(rate: info.sampleRate) }
  }

  /// Speaks what a transcript says in the gaps of a recording. Outside of the gaps every sample stays
  /// as it is.
  ///
  /// - Parameters:
  ///   - input: any sound file that `AudioReader` reads.
  ///   - transcript: of the whole recording.
  ///   - output: nil for `talk.filled.<ext>` beside the input.
  ///   - listener: hears the whole recording before and after, once.
  /// - Returns: what was done; `changed` is false when there was nothing to fill and the output is a
  ///   bit-identical copy.
  /// - Throws: ``EditError``, `TranscriptError`, `AudioFileError`, `CheckpointError`, and what
  ///   `progress` throws.
  public func fill(
    _ input: String, transcript: Transcript, to output: String? = nil, options: FillOptions,
    progress: ProgressHandler = { _ in }, listener: SongListener? = nil
  ) throws -> FillReport {
    let song = try Song(path: input)
    let files = try fillFiles(input, song.info, output, options)
    let plan = try plan(song, transcript, options) {
      try progress(EditProgress(fraction: 0.6 * $0.fraction, activity: $0.activity))
    }
    let patches = try patches(song, plan, options, progress)
    var outcome = SongWriter.Outcome()
    if patches.isEmpty, SongEditor.keepsFormat(song.info, files.plan) {
      try listener.map(song.play)
      try OutputFiles.copy(input, to: files.song)
    } else {
      let writer = SongWriter(
        input: song, edited: Song(song, patches), mix: nil, output: files.song, stemPath: nil,
        overwrite: options.overwrite)
      outcome = try writer.write(headroom: false, listener: listener) {
        try progress(EditProgress(fraction: 0.9 + 0.1 * $0, activity: "writing"))
      }
    }
    let report = FillReport(
      input: input, output: files.song, gaps: plan.reports, seed: options.seed, models: models.used,
      clippedSamples: outcome.clippedSamples, changedShare: outcome.changedShare,
      changed: !patches.isEmpty, warnings: plan.warnings + outcome.warnings)
    try OutputFiles.write(report.json, to: files.sidecar)
    return report
  }

  /// The files that are written, checked.
  func fillFiles(
    _ input: String, _ info: AudioInfo, _ output: String?, _ options: FillOptions
  ) throws -> OutputFiles {
    var writing = EditOptions()
    writing.overwrite = options.overwrite
    let name =
      (input as NSString).deletingPathExtension + ".filled."
      + SongEditor.outputExtension(for: input, info)
    return try OutputFiles(input: input, info: info, output: output ?? name, options: writing)
  }

  private func plan(
    _ song: Song, _ transcript: Transcript, _ options: FillOptions, _ progress: ProgressHandler
  ) throws -> GapPlan {
    let listener = try listener(for: song)
    let timing = GapTiming(tempo: try models.tempo())
    let damage =
      switch options.gaps {
      case .given(let ranges): try GapPlan.given(ranges, in: song.info)
      case .automatic, .marked:
        try GapFinder(song).find {
          try progress(EditProgress(fraction: 0.2 * $0, activity: "looking for damage"))
        }
      }
    func align(_ transcript: Transcript, _ gaps: [Gap], from start: Double) throws -> AlignedSpeech
    {
      try listener.align(transcript, with: song, unheard: gaps.map(\.frames)) {
        try progress(
          EditProgress(fraction: start + (1 - start) * $0, activity: "listening"))
      }
    }
    var gaps = damage
    if options.gaps == .marked {
      let heard = Transcript(words: transcript.words.filter { !$0.isMissing })
      let aligned = try align(heard, damage, from: 0.2)
      _ = try check(aligned)  // what is said of it once the gaps are known has its warning
      gaps = try GapPlan.marked(transcript, heard: aligned, damage: damage, in: song.info)
    }
    let speech = try align(transcript, gaps, from: 0.3)
    // In a long recording a transcript may differ somewhere; what counts is what a gap hears.
    let rate = Double(song.info.sampleRate)
    let warning = try check(
      speech,
      in: gaps.map {
        Self.heard(
          around: Double($0.frames.lowerBound) / rate...Double($0.frames.upperBound) / rate)
      })
    var plan = try GapPlan(
      gaps, speech: speech, rate: song.info.sampleRate, timing: timing, method: options.method)
    plan.warnings += warning.map { [$0] } ?? []
    return plan
  }

  /// Where the transcript must be what is said, seconds: what the painter hears around new words.
  static func heard(around place: ClosedRange<Double>) -> ClosedRange<Double> {
    place.lowerBound - heardSeconds...place.upperBound + heardSeconds
  }

  private static let heardSeconds = 10.0

  /// The gaps from left to right: each hears what was put into those before it.
  private func patches(
    _ song: Song, _ plan: GapPlan, _ options: FillOptions, _ progress: ProgressHandler
  ) throws -> [Patch] {
    let filler = GapFiller(
      filler: try models.filler(), phonemizer: try Phonemizer(), seed: options.seed)
    var patches: [Patch] = []
    for (index, gap) in plan.gaps.enumerated() {
      try progress(
        EditProgress(
          fraction: 0.6 + 0.3 * Double(index) / Double(plan.gaps.count), activity: "speaking"))
      let others = plan.gaps[(index + 1)...].map(\.frames)
      let heard = Song(song, patches)
      patches.append(
        try options.method.resolved(for: gap.frames, rate: song.info.sampleRate) == .continue
          ? filler.continued(heard, gap: gap.frames, others: others)
          : filler.fill(heard, gap: gap.frames, others: others, speech: plan.speech))
    }
    return patches
  }
}

extension FillMethod {
  /// `.auto` decided for a gap.
  func resolved(for gap: Range<Int>, rate: Int) -> FillMethod {
    guard self == .auto else { return self }
    return Double(gap.count) <= GapFiller.continuedSeconds * Double(rate) ? .continue : .speak
  }
}
