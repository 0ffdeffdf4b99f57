import AudioFiles
import Editors
import Foundation
import Tensors

/// Changes a sound by a published text-to-audio model, or by one that follows instructions (AUDIT).
///
/// What lies outside of the region keeps its samples; inside, the sound is the model's mono
/// re-synthesis, with short fades.
public struct SoundChanger {
  /// How a sound is changed; nil takes what suits the model and the method.
  public struct Options: Sendable, Equatable {
    /// By default the instruction, where the model takes one; ``ChangeMethod/zeta`` where not.
    public var method: ChangeMethod?
    /// What the sound is now, in words.
    public var source = ""
    public var negative = ""
    public var seed: UInt64 = 0
    public var steps: Int?
    public var guidance: Double?
    /// Share of the steps, above 0 up to 1.
    public var strength: Double?
    /// Words of the text and the factors of what attends to them.
    public var emphasis: [Emphasis] = []
    public var region: TimeRange?
    public var overwrite = false

    public init() {}

    /// - Throws: ``EditError/option(name:value:allowed:)``
    func validate() throws {
      try SamplingLimits.check(steps: steps, guidance: guidance)
      if let strength, !(strength > 0 && strength <= 1) {
        throw EditError.option(
          name: "--strength", value: "\(strength)", allowed: "above 0 and up to 1")
      }
    }
  }

  /// How much a word of the text counts.
  public struct Emphasis: Sendable, Equatable {
    public var word: String
    public var factor: Double

    public init(word: String, factor: Double) { (self.word, self.factor) = (word, factor) }
  }

  /// What reports call it.
  static let operation = "change"
  /// Peak that the models' recipes bring sounds to.
  private static let modelPeak = 0.5
  /// Largest share of a window that is inpainted: beside it there must be something to listen to.
  private static let largestOpenShare = 0.875

  private let package: TextToAudioPackage
  private let precision: Precision

  /// - Parameter model: folder or name of a published model.
  /// - Throws: `CheckpointError` for what is none.
  public init(model: String, precision: Precision = .auto) throws {
    package = try TextToAudioPackage(model)
    self.precision = precision
  }

  /// Changes a sound and writes it, with a report beside it.
  ///
  /// - Parameters:
  ///   - input: any sound file that `AudioReader` reads.
  ///   - text: what shall be heard; an instruction for ``ChangeMethod/instruct``.
  ///   - output: nil for `sound.edited.<ext>` beside the input.
  /// - Throws: ``EditError``, `AudioFileError`, `CheckpointError`, what the model finds wrong with a
  ///   text, and what `progress` throws.
  public func change(
    _ input: String, _ text: String, to output: String? = nil, options: Options = Options(),
    progress: ProgressHandler = { _ in }
  ) throws -> EditReport {
    try options.validate()
    let song = try Song(path: input)
    var fileOptions = EditOptions()
    (fileOptions.overwrite, fileOptions.region) = (options.overwrite, options.region)
    let files = try OutputFiles(input: input, info: song.info, output: output, options: fileOptions)
    let frames =
      try options.region?.frames(
        songFrames: song.info.frameCount, sampleRate: song.info.sampleRate)
      ?? 0..<song.info.frameCount
    let model = try Precision.$current.withValue(precision) { try package.open() }
    let plan = try plan(text, frames, song.info, model, options)
    let (mix, step) = try withoutActuallyEscaping(progress) { progress in
      try run(song, model, plan, options, files, progress)
    }
    let edited = mix.map { Song(song, $0) } ?? song
    let written = try SongEditor.write(
      song, edited, mix.map { [.mix($0)] } ?? [], input, files, fileOptions, progress)
    let report = EditReport(
      version: SongEditor.version, input: input, output: files.song, instruction: text,
      steps: [step], seed: options.seed, samplingSteps: plan.change.settings.steps,
      guidance: Double(plan.change.settings.guidance), negative: options.negative,
      strength: plan.change.strength, models: [try package.loaded()], savedStem: nil,
      formula: step.formula, fadeSeconds: Region.fadeSeconds, headroomGain: 1,
      clippedSamples: written.clippedSamples, changedShare: written.changedShare,
      changed: mix != nil, warnings: written.warnings)
    try OutputFiles.write(report.json, to: files.sidecar)
    return report
  }

  // MARK: - Parts

  private struct Plan {
    var change: SoundChange
    /// Frames that change, and those that the model hears.
    let region: Range<Int>
    let range: Range<Int>
  }

  private func plan(
    _ text: String, _ region: Range<Int>, _ info: AudioInfo, _ model: any TextToAudioModel,
    _ options: Options
  ) throws -> Plan {
    let method = options.method ?? (model.takesSource ? .instruct : .zeta)
    guard (method == .instruct) == model.takesSource else {
      throw EditError.unsupported(
        what: model.takesSource
          ? "this model follows instructions" : "this model follows no instructions",
        hint: model.takesSource
          ? "use --method instruct"
          : "say what shall be heard, with --method inpaint, sdedit, inversion or zeta")
    }
    try Self.check(method, text, model, options)
    var settings = model.defaults
    let inverts = [.zeta, .inversion, .words].contains(method)
    settings.steps = options.steps ?? (inverts ? max(settings.steps, 50) : settings.steps)
    settings.guidance =
      options.guidance.map { Float($0) }
      ?? (method == .zeta && !options.source.isEmpty ? 12 : settings.guidance)
    var change = SoundChange(method: method, text: text, settings: settings)
    (change.source, change.negative) = (options.source, options.negative)
    change.emphasis = options.emphasis.map { ($0.word, Float($0.factor)) }
    // The values of 2402.10009, section 4, but for the steps.
    change.sourceGuidance = method == .zeta && !options.source.isEmpty ? 3 : 1
    change.strength = options.strength ?? (method == .zeta || method == .sdedit ? 0.5 : 1)
    guard method == .inpaint else { return Plan(change: change, region: region, range: region) }
    let range = try Self.surroundings(of: region, info, model)
    let unit =
      Double(model.framesPerLatent * model.mel.stft.hopSamples)
      / Double(model.mel.sampleRateHz) * Double(info.sampleRate)
    change.open =
      Int(
        (Double(region.lowerBound - range.lowerBound) / unit).rounded(.down))..<Int(
        (Double(region.upperBound - range.lowerBound) / unit).rounded(.up))
    return Plan(change: change, region: region, range: range)
  }

  /// Refuses what attention to words cannot do.
  private static func check(
    _ method: ChangeMethod, _ text: String, _ model: any TextToAudioModel, _ options: Options
  ) throws {
    guard method == .words else {
      guard options.emphasis.isEmpty else {
        throw EditError.unsupported(
          what: "--emphasis needs --method words", hint: "add it, or leave --emphasis out")
      }
      return
    }
    guard model.wordContext != nil else {
      throw EditError.unsupported(
        what: "this model attends to no words", hint: "use --method zeta")
    }
    guard !options.source.isEmpty else {
      throw EditError.unsupported(
        what: "--method words compares two texts", hint: "say with --from what the sound is now")
    }
    for emphasis in options.emphasis {
      guard (0...100).contains(emphasis.factor) else {
        throw EditError.option(
          name: "--emphasis", value: "\(emphasis.factor)", allowed: "0 to 100")
      }
      guard !model.wordPlaces(emphasis.word, in: text).isEmpty else {
        throw EditError.unsupported(
          what: "the text has no '\(emphasis.word)'", hint: "emphasise words of '\(text)'")
      }
    }
  }

  /// One window of the model with the region in its middle, as far as the song reaches.
  private static func surroundings(
    of region: Range<Int>, _ info: AudioInfo, _ model: any TextToAudioModel
  ) throws -> Range<Int> {
    let seconds = ChangedSound.windowSeconds(of: model)
    let longest = largestOpenShare * seconds
    let rate = Double(info.sampleRate)
    guard Double(region.count) <= longest * rate else {
      throw EditError.option(
        name: "--region", value: "of \(Double(region.count) / rate) s",
        allowed: "at most \((longest * 1000).rounded(.down) / 1000) s to inpaint with this model")
    }
    guard region.count < info.frameCount else {
      throw EditError.unsupported(
        what: "inpainting the whole sound leaves nothing to listen to",
        hint: "name a part with --region")
    }
    let all = min(info.frameCount, Int(seconds * rate))
    let start = min(
      max(0, (region.lowerBound + region.upperBound - all) / 2), info.frameCount - all)
    return start..<start + all
  }

  private func run(
    _ song: Song, _ model: any TextToAudioModel, _ plan: Plan, _ options: Options,
    _ files: OutputFiles, _ progress: @escaping ProgressHandler
  ) throws -> (StemMix?, StepReport) {
    let info = song.info
    let levels = try SongLevels(of: song) {
      try progress(EditProgress(fraction: 0.05 * $0, activity: "listening"))
    }
    let region = Region(plan.region, songFrames: info.frameCount, sampleRate: info.sampleRate)
    let source = try ChangedSound(
      song, range: plan.range, model: model, change: plan.change, seed: options.seed,
      gain: levels.gain(toPeak: Self.modelPeak)
    ) { try progress(EditProgress(fraction: 0.05 + 0.85 * $0, activity: "changing the sound")) }
    let scratch = try ScratchAudio(channelCount: info.channelCount, folder: files.folder)
    var measure = StemMeasure(rule: .replace, region: region, info: info)
    let reader = try song.reader()
    var position = plan.range.lowerBound
    while let block = try source.next()?[0] {
      let inner = (position..<position + block.frameCount).clamped(to: plan.region)
      if !inner.isEmpty {
        let part = StemMix.singles(
          block.frames(inner.lowerBound - position..<inner.upperBound - position))
        try scratch.append(part)
        measure.push(song: try reader.read(inner), stem: part, at: inner.lowerBound)
      }
      position += block.frameCount
    }
    measure.finish(info: info)
    let change = measure.changeLoudness(gain: 1) - measure.songLoudness
    let audible = !(change < StepRunner.audibleLU)
    let report = StepReport(
      operation: Self.operation, target: plan.change.text, attributes: [],
      region: [plan.region.lowerBound, plan.region.upperBound].map {
        Double($0) / Double(info.sampleRate)
      },
      confidence: 1, prompt: plan.change.text, method: plan.change.method.rawValue,
      formula: MixRule.replace.formula, presence: nil,
      stemLUFS: StepRunner.finite(measure.stemLoudness),
      songLUFS: StepRunner.finite(measure.songLoudness), changeLU: StepRunner.finite(change),
      gainDB: 0, loweredDB: 0, audible: audible,
      source: plan.change.source.nonEmpty)
    let mix = StemMix(
      rule: .replace, region: region, gain: 1, encoding: files.plan.encoding, scratch: scratch)
    return (audible ? mix : nil, report)
  }
}

/// What sampling may be asked for.
enum SamplingLimits {
  /// - Throws: ``EditError/option(name:value:allowed:)``
  static func check(steps: Int?, guidance: Double?) throws {
    if let steps, !(1...1000).contains(steps) {
      throw EditError.option(name: "--steps", value: "\(steps)", allowed: "1 to 1000")
    }
    if let guidance, !(guidance >= 1 && guidance <= 100) {
      throw EditError.option(name: "--guidance", value: "\(guidance)", allowed: "1 to 100")
    }
  }
}

extension TextToAudioPackage {
  /// For reports: the hash of each file, which are read for it.
  func loaded() throws -> LoadedModel {
    LoadedModel(name: name, version: version, licence: licence, hashes: try hashed())
  }
}
