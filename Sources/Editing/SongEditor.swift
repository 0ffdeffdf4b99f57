import AudioFiles
import Editors
import Foundation
import Instructions
import Tensors

/// Edits songs by instruction.
///
/// ```swift
/// let editor = try SongEditor()
/// let report = try editor.edit("song.wav", "remove the drums", to: "quiet.wav")
/// print(report.changedShare)
/// ```
///
/// Everything is streamed: memory does not grow with the song. Outputs appear under their names
/// only when they are complete. Several threads may edit with one editor: they share its models.
public final class SongEditor: Sendable {
  public static let version = "0.1.0"

  let models: any EditingModels

  /// Edits with installed models.
  /// - Parameters:
  ///   - model: folder of a package, or of several; nil looks beside the program, in the current
  ///     folder and above.
  ///   - loras: LoRA files, applied to the models' weights in this order.
  ///   - precision: arithmetic of the networks.
  /// - Throws: `CheckpointError`
  public convenience init(
    model: String? = nil, loras: [String] = [], precision: Precision = .auto
  ) throws {
    self.init(models: try InstalledModels(model: model, loras: loras, precision: precision))
  }

  /// Edits with given models.
  public init(models: any EditingModels) { self.models = models }

  /// What an instruction asks for, in the names of parts that the installed models know.
  /// - Throws: `InstructionError` when nothing that can be done is understood; `CheckpointError`
  public func plan(_ instruction: String) throws -> EditPlan {
    try KnownParts(models: models).plan(try models.plan(instruction))
  }

  /// The packages that edits use, without their networks being loaded.
  /// - Throws: `CheckpointError`, also when a file is not the one that its package was made with.
  public func verifiedModels() throws -> [LoadedModel] { try models.verified() }

  /// The ending of an output's name that keeps the input's format; formats that lose samples, or
  /// that are only read, become FLAC.
  public static func outputExtension(for input: String, _ info: AudioInfo) -> String {
    let kept = !info.isLossy && AudioContainer(outputPath: input)?.isLossy == false
    return kept ? (input as NSString).pathExtension : "flac"
  }

  /// Finds out without any work what would keep a plan from being done; for given chords the model that
  /// would play them is loaded.
  ///
  /// - Parameter info: of the song.
  /// - Throws: ``EditError``, `InstructionError`, `CheckpointError`
  public func check(_ plan: EditPlan, on info: AudioInfo, options: EditOptions) throws {
    try options.validate()
    try checkTargets(plan)
    try checkChords(plan, options)
    for step in plan.steps { try StepRunner.check(step, on: info, options: options) }
  }

  /// Does what an instruction asks for.
  ///
  /// - Parameters: as of ``edit(_:plan:instruction:to:options:progress:)``.
  /// - Throws: also `InstructionError`.
  public func edit(
    _ input: String, _ instruction: String, to output: String? = nil,
    options: EditOptions = EditOptions(), progress: ProgressHandler = { _ in }
  ) throws -> EditReport {
    // Files first: they are checked in no time, the models take a moment.
    try options.validate()
    _ = try OutputFiles(
      input: input, info: try Song(path: input).info, output: output, options: options)
    return try edit(
      input, plan: try plan(instruction), instruction: instruction, to: output, options: options,
      progress: progress)
  }

  /// Does the steps of a plan, one after the other.
  ///
  /// - Parameters:
  ///   - input: any sound file that `AudioReader` reads.
  ///   - plan: at least one step.
  ///   - instruction: for the report.
  ///   - output: nil for `song.edited.<ext>` beside the input.
  ///   - listener: hears the whole song before and after, once.
  /// - Returns: what was done; `changed` is false when the output is a bit-identical copy.
  /// - Throws: ``EditError``, `AudioFileError`, `CheckpointError`, and what `progress` throws.
  public func edit(
    _ input: String, plan: EditPlan, instruction: String, to output: String? = nil,
    options: EditOptions = EditOptions(), progress: ProgressHandler = { _ in },
    listener: SongListener? = nil
  ) throws -> EditReport {
    let file = try Song(path: input)
    try check(plan, on: file.info, options: options)
    let info = Self.outputInfo(of: file.info, plan)
    let files = try OutputFiles(input: input, info: info, output: output, options: options)
    let isRaised = info.sampleRate != file.info.sampleRate
    let song = isRaised ? try Song(file, resampledLike: info, folder: files.folder) : file
    func runner(step index: Int) -> StepRunner {
      StepRunner(
        models: models, options: options.seeded(step: index), encoding: files.plan.encoding,
        folder: files.folder,
        trebleCeiling: isRaised ? Song.bandShare * Double(file.info.sampleRate) / 2 : nil)
    }
    var (edited, changes, reports) = (song, [SongChange](), [StepReport]())
    // The last tenth is for writing.
    let share = 0.9 / Double(plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      try withoutActuallyEscaping(progress) { progress in
        let outcome = try runner(step: index).run(step, on: edited, original: song) { inner in
          let fraction = share * (Double(index) + inner.fraction)
          try progress(EditProgress(fraction: fraction, activity: inner.activity))
        }
        reports.append(outcome.report)
        guard let change = outcome.change else { return }
        edited = Song(edited, change)
        changes.append(change)
      }
    }
    let written = try Self.write(
      song, edited, changes, input, files, options, progress, listener: listener)
    let report = report(
      input, instruction, files, options, reports,
      changes.isEmpty ? "out = in" : changes.count == 1 ? changes[0].formula : "out = in + stem",
      written, notes: plan.notes, changed: !changes.isEmpty)
    try OutputFiles.write(report.json, to: files.sidecar)
    return report
  }

  /// What the output is like: a recording of a low rate whose highs are restored gets a higher one.
  private static func outputInfo(of info: AudioInfo, _ plan: EditPlan) -> AudioInfo {
    guard plan.steps.contains(where: { $0.operation == .superResolve }),
      info.sampleRate < lowestFullRate
    else { return info }
    var raised = info
    raised.sampleRate = 48000 % info.sampleRate == 0 ? 48000 : 44100
    raised.frameCount = StreamResampler.outputLength(
      frames: info.frameCount, from: info.sampleRate, to: raised.sampleRate)
    return raised
  }

  /// Rates from here on hold what nearly everybody hears, Hz.
  private static let lowestFullRate = 32000

  /// Writes the edited song, or a copy of the file where nothing changed; the last tenth of the work.
  static func write(
    _ song: Song, _ edited: Song, _ changes: [SongChange], _ input: String, _ files: OutputFiles,
    _ options: EditOptions, _ progress: ProgressHandler, listener: SongListener? = nil
  ) throws -> SongWriter.Outcome {
    let writer = SongWriter(
      input: song, edited: edited, mix: changes.count == 1 ? changes[0].mix : nil,
      output: files.song, stemPath: files.stem, overwrite: options.overwrite)
    let isCopy = changes.isEmpty && keepsFormat(song.info, files.plan)
    var written = SongWriter.Outcome()
    if isCopy, files.stem == nil {
      try listener.map(song.play)
    } else {
      written = try writer.write(
        headroom: options.headroom && !changes.isEmpty, listener: listener
      ) {
        try progress(EditProgress(fraction: 0.9 + 0.1 * $0, activity: "writing"))
      }
    }
    if isCopy { try OutputFiles.copy(input, to: files.song) }
    return written
  }

  /// Refuses parts that the instruction reader knows and the music models do not.
  private func checkTargets(_ plan: EditPlan) throws {
    for step in plan.steps where step.operation.namesPart {
      let names = [step.target] + step.also
      let sounds = names.filter(SoundParts.names.contains)
      guard sounds.isEmpty || sounds == names else {
        throw EditError.unsupported(
          what: "\(step.targets) are known to different models", hint: "ask for one after the other"
        )
      }
      if step.operation == .remix, try !models.targets().contains(MusicParts.voice) {
        throw EditError.unsupported(
          what: "the installed models do not know the \(MusicParts.voice), which a remix keeps",
          hint: "add and remove instruments instead")
      }
      let known =
        switch (sounds.isEmpty, step.operation.adds) {
        case (true, false): try models.targets()
        case (true, true): try models.madeTargets()
        case (false, false): try models.soundTargets()
        case (false, true): try models.madeSounds()
        }
      for target in names where !known.contains(target) {
        throw EditError.unsupported(
          what: step.operation.adds
            ? "the installed models cannot add \(target)"
            : "the installed models do not know the \(target)",
          hint: known.isEmpty
            ? "they make no such sounds" : "they know \(known.joined(separator: ", "))")
      }
    }
  }

  /// Refuses chords that nothing would play.
  private func checkChords(_ plan: EditPlan, _ options: EditOptions) throws {
    guard options.chords != nil else { return }
    let added = plan.steps.filter(\.operation.adds)
    let hint = "leave --chords out"
    guard !added.isEmpty else {
      throw EditError.unsupported(
        what: "--chords is for what is added, and nothing is added here", hint: hint)
    }
    guard
      try added.contains(where: { try models.generator(for: $0.target).harmonyHead != nil })
    else {
      throw EditError.unsupported(what: "what is added here plays no chords", hint: hint)
    }
  }

  /// Whether the output holds the very samples that the input does, so that its bytes can be copied.
  static func keepsFormat(_ info: AudioInfo, _ plan: OutputPlan) -> Bool {
    plan.container == info.container && plan.encoding == info.encoding
      && plan.sampleRate == info.sampleRate && !info.isLossy
  }

  private func report(
    _ input: String, _ instruction: String, _ files: OutputFiles, _ options: EditOptions,
    _ steps: [StepReport], _ formula: String, _ written: SongWriter.Outcome, notes: [String],
    changed: Bool
  ) -> EditReport {
    let sampled = steps.first { $0.method == EditMethod.diffusion.rawValue }
    let generator = sampled.flatMap { try? models.generator(for: $0.target) }
    let settings = generator.map { options.sampling($0.defaults) }
    return EditReport(
      version: Self.version, input: input, output: files.song, instruction: instruction,
      steps: steps, seed: options.seed, samplingSteps: settings?.steps,
      guidance: settings.map { Double($0.guidance) },
      takes: generator.map { options.takes ?? $0.defaultTakes },
      negative: sampled == nil ? nil : options.negative, strength: options.strength,
      models: models.used, savedStem: files.stem, formula: formula,
      fadeSeconds: Region.fadeSeconds, headroomGain: written.headroomGain,
      clippedSamples: written.clippedSamples, changedShare: written.changedShare, changed: changed,
      warnings: notes + written.warnings)
  }
}

extension EditReport {
  /// As readable JSON with sorted keys, ending in a line feed.
  public var json: Data { reportJSON(self) }
}

/// Reports hold numbers, texts and lists of them only: encoding cannot fail.
func reportJSON(_ report: some Encodable) -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return ((try? encoder.encode(report)) ?? Data()) + Data("\n".utf8)
}
