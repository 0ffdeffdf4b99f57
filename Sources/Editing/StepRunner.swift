import AudioFiles
import Editors
import Foundation
import Instructions

/// Does one step of a plan: finds or makes its stem, and says how it goes into the song.
struct StepRunner {
  let models: any EditingModels
  let options: EditOptions
  /// How the output will hold its samples.
  let encoding: SampleEncoding
  /// Where working files take their space.
  let folder: String
  /// Where the band of a song that was brought to a higher rate ends at the latest, Hz.
  var trebleCeiling: Double?

  /// Changes that lie further under the song than this are not heard, LU.
  static let audibleLU = -50.0
  /// The same for highs, where the song has nothing that could cover them.
  private static let audibleHighsLU = -70.0
  /// Sound around the region that the models listen to, seconds.
  private static let contextSeconds = 3.0
  /// Ranges into which a generated stem's loudness is brought beside the song, LU, by what is asked.
  private static let addedLU = -15.0 ... -3.0
  private static let askedLU = ["loud": -3.0...3.0, "soft": -24.0 ... -15.0]
  /// How far an added stem is lowered at most to keep the sum under full scale.
  private static let largestLoweringDB = 6.0

  struct Outcome {
    let report: StepReport
    /// Nil when the step changes nothing that can be heard.
    let change: SongChange?
  }

  func run(
    _ step: PlanStep, on song: Song, progress: @escaping ProgressHandler
  ) throws -> Outcome {
    let frames = try Self.region(of: step, in: song.info, within: options.region)
    let region = Region(
      frames, songFrames: song.info.frameCount, sampleRate: song.info.sampleRate)
    if step.operation == .inpaint {
      return try inpaint(step, frames, on: song, progress: progress)
    }
    let levels = try SongLevels(of: song) {
      try progress(EditProgress(fraction: 0.05 * $0, activity: "listening"))
    }
    let method = try Self.method(for: step, options)
    let rule = Self.rule(step.operation, method)
    let seconds = [frames.lowerBound, frames.upperBound].map {
      Double($0) / Double(song.info.sampleRate)
    }
    var measure = StemMeasure(rule: rule, region: region, info: song.info)
    var cutoff: Cutoff?
    if step.operation == .superResolve {
      cutoff = try Cutoff.find(in: song, ceiling: trebleCeiling)
      if cutoff == nil {
        let report = report(step, method, measure, rule: rule, seconds: seconds)
        return Outcome(report: report, change: nil)
      }
    }
    let context = Int(Self.contextSeconds * Double(song.info.sampleRate))
    let range =
      max(
        0, frames.lowerBound - context)..<min(
        song.info.frameCount, frames.upperBound + context)
    let source = try source(step, method, song, range, gain: levels.modelGain, cutoff: cutoff)
    let scratch = try ScratchAudio(channelCount: song.info.channelCount, folder: folder)
    let reader = try song.reader()
    var position = range.lowerBound
    while let stem = try source.next()?[0] {
      let inner = (position..<position + stem.frameCount).clamped(to: frames)
      if !inner.isEmpty {
        let part = StemMix.singles(
          stem.frames(inner.lowerBound - position..<inner.upperBound - position))
        try scratch.append(part)
        measure.push(song: try reader.read(inner), stem: part, at: inner.lowerBound)
      }
      position += stem.frameCount
      let done = Double(position - range.lowerBound) / Double(range.count)
      try progress(EditProgress(fraction: 0.05 + 0.95 * done, activity: Self.activity(step)))
    }
    measure.finish(info: song.info)
    let presence = (source as? MaskedStems).map { Double($0.presence[0]) }
    return conclude(
      step, method, measure, presence: presence,
      cutoff: cutoff,
      mix: { StemMix(rule: rule, region: region, gain: $0, encoding: encoding, scratch: scratch) },
      seconds: seconds)
  }

  // MARK: - Parts

  /// - Throws: ``EditError`` or `InstructionError` when the step cannot be done with such a song.
  static func check(_ step: PlanStep, on info: AudioInfo, options: EditOptions) throws {
    let region = try region(of: step, in: info, within: options.region)
    _ = try method(for: step, options)
    if step.operation == .inpaint { try checkInpainting(region, of: info, options) }
  }

  /// The overlap of the step's own region and the one of the options.
  private static func region(
    of step: PlanStep, in info: AudioInfo, within limit: TimeRange?
  ) throws -> Range<Int> {
    var overlap = 0..<info.frameCount
    if let region = try step.region?.resolved(durationSeconds: info.durationSeconds) {
      overlap = try TimeRange(startSeconds: region.lowerBound, endSeconds: region.upperBound)
        .frames(songFrames: info.frameCount, sampleRate: info.sampleRate)
    }
    guard let wanted = limit else { return overlap }
    let both = try wanted.frames(songFrames: info.frameCount, sampleRate: info.sampleRate)
      .clamped(to: overlap)
    guard !both.isEmpty else {
      throw EditError.region(
        text: wanted.description, reason: "it does not meet the part that the instruction names")
    }
    return both
  }

  private static func method(
    for step: PlanStep, _ options: EditOptions
  ) throws -> EditMethod {
    switch (step.operation, options.method) {
    case (.superResolve, .auto), (.superResolve, .bands): return .bands
    case (.inpaint, .auto), (.inpaint, .copy): return .copy
    case (.superResolve, _), (.inpaint, _), (_, .bands), (_, .copy):
      throw EditError.unsupported(
        what: "--method \(options.method.rawValue) cannot \(step.operation.verb) \(step.targets)",
        hint: "use --method auto")
    case (.add, .mask):
      throw EditError.unsupported(
        what: "--method mask cannot add anything", hint: "use --method diffusion or auto")
    case (.add, _): return .diffusion
    case (_, .diffusion) where SoundParts.names.contains(step.target):
      throw EditError.unsupported(
        what: "--method diffusion cannot clean a recording", hint: "use --method mask or auto")
    case (_, .auto): return .mask
    case (_, let method): return method
    }
  }

  private static func rule(_ operation: PlanOperation, _ method: EditMethod) -> MixRule {
    switch (operation, method) {
    case (.add, _), (.superResolve, _): .add
    case (.remove, .mask): .subtract
    default: .replace
    }
  }

  private func source(
    _ step: PlanStep, _ method: EditMethod, _ song: Song, _ range: Range<Int>, gain: Float,
    cutoff: Cutoff?
  ) throws -> any StemSource {
    if let cutoff {
      return try RestoredHighs(
        song, range: range, estimator: try models.trebleEstimator(), cutoff: cutoff, gain: gain)
    }
    if method == .mask {
      let asked = [step.target] + step.also
      // The sounds of a recording contain each other; a song's stems share it.
      let isSound = SoundParts.names.contains(step.target)
      let others = isSound ? [] : SongParts.others(than: asked, of: try models.targets())
      return try MaskedStems(
        song, range: range, masker: try models.masker(for: step.target),
        texts: try (asked + others).map { try models.states(of: Prompts.mask($0)) }, gain: gain,
        combination: isSound ? .sum : .share(of: asked.count))
    }
    let text = try models.states(of: Prompts.stem(step))
    let generator = try models.generator(for: step.target)
    return try GeneratedStem(
      song, range: range, generator: generator, text: text,
      negative: try models.states(of: options.negative ?? ""),
      settings: options.sampling(generator.defaults),
      takes: Takes(count: options.takes(of: step.operation, generator), target: step.target),
      seed: options.seed, gain: gain)
  }

  private static func activity(_ step: PlanStep) -> String {
    let verb =
      switch step.operation {
      case .add: "making"
      case .remove: "removing"
      case .superResolve: "restoring"
      default: "extracting"
      }
    return "\(verb) the \(step.targets)"
  }

  /// Decides on the stem's level and whether it can be heard.
  private func conclude(
    _ step: PlanStep, _ method: EditMethod, _ measure: StemMeasure, presence: Double?,
    cutoff: Cutoff?, mix: (Double) -> StemMix, seconds: [Double]
  ) -> Outcome {
    var gain = min(options.strength, step.operation == .add ? .infinity : 1)
    var lowered = 0.0
    if step.operation == .add {
      gain *= Self.levelling(measure.stemLoudness - measure.songLoudness, step.attributes)
      if !options.headroom, gain > measure.largestGain {
        lowered = max(-Self.largestLoweringDB, Self.decibels(measure.largestGain / gain))
        gain *= pow(10, lowered / 20)
      }
    }
    let change = measure.changeLoudness(gain: gain) - measure.songLoudness
    let least = step.operation == .superResolve ? Self.audibleHighsLU : Self.audibleLU
    let audible = gain > 0 && measure.stemLoudness.isFinite && !(change < least)
    let made = mix(gain)
    var report = report(step, method, measure, rule: made.rule, seconds: seconds)
    report.presence = presence
    report.cutoffHz = cutoff?.hz
    report.changeLU = Self.finite(change)
    (report.gainDB, report.loweredDB) = (Self.decibels(gain), lowered)
    report.audible = audible
    return Outcome(report: report, change: audible ? .mix(made) : nil)
  }

  /// Of a step that changes nothing; what it did is filled in.
  private func report(
    _ step: PlanStep, _ method: EditMethod, _ measure: StemMeasure, rule: MixRule,
    seconds: [Double]
  ) -> StepReport {
    let prompt =
      switch method {
      case .mask: Prompts.mask(step.target)
      case .bands: ""
      default: Prompts.stem(step)
      }
    return StepReport(
      operation: step.operation.rawValue, target: step.targets, attributes: step.attributes,
      region: seconds, confidence: step.confidence,
      prompt: prompt, method: method.rawValue, formula: rule.formula, presence: nil,
      stemLUFS: Self.finite(measure.stemLoudness), songLUFS: Self.finite(measure.songLoudness),
      changeLU: nil, gainDB: 0, loweredDB: 0, audible: false)
  }

  /// Factor that brings a stem's loudness beside the song into what suits an accompaniment.
  private static func levelling(_ relativeLU: Double, _ attributes: [String]) -> Double {
    guard relativeLU.isFinite, relativeLU > audibleLU else { return 1 }
    let range = attributes.lazy.compactMap { askedLU[$0] }.first ?? addedLU
    let wanted = min(max(relativeLU, range.lowerBound), range.upperBound)
    return pow(10, (wanted - relativeLU) / 20)
  }

  static func decibels(_ factor: Double) -> Double {
    factor > 0 ? 20 * log10(factor) : -200
  }

  static func finite(_ value: Double) -> Double? {
    value.isFinite ? (value * 100).rounded() / 100 : nil
  }
}

/// The texts that models are given.
enum Prompts {
  /// Names a stem to the masker: the same for remove and extract, so that they make the same stem.
  static func mask(_ target: String) -> String { "extract the \(target)" }

  /// For the generator, which was trained on just these texts (`phrase` in
  /// Models/training/music/phrases.py): what the user's words mean, not the words.
  static func stem(_ step: PlanStep) -> String {
    step.operation == .add
      ? "add \(step.targets)" : "\(step.operation.rawValue) the \(step.targets)"
  }
}

extension PlanStep {
  /// All parts of the step, as one name.
  var targets: String { ([target] + also).joined(separator: " and ") }
}

extension MixRule {
  /// For reports: how the output follows from input and stem.
  var formula: String {
    switch self {
    case .add: "out = in + stem"
    case .subtract: "out = in - stem"
    case .replace: "out = stem"
    }
  }
}

extension EditOptions {
  func sampling(_ defaults: SamplingSettings) -> SamplingSettings {
    SamplingSettings(
      steps: steps ?? defaults.steps, guidance: guidance.map { Float($0) } ?? defaults.guidance)
  }

  /// What is left when something is removed sounds like nothing in particular: one take.
  func takes(of operation: PlanOperation, _ generator: any StemGenerator) -> Int {
    operation == .remove ? 1 : takes ?? generator.defaultTakes
  }
}
