import Editors
import Foundation
import Instructions
import Tensors

extension StepRunner {
  /// Changes of highs that lie further under the song are not heard, LU: it has nothing there that
  /// could cover them.
  private static let audibleHighsLU = -70.0
  /// Ranges into which a generated stem's loudness is brought beside the song, LU, by what is asked.
  private static let addedLU = -15.0 ... -3.0
  private static let askedLU = ["loud": -3.0...3.0, "soft": -24.0 ... -15.0]
  /// How far an added stem is lowered at most to keep the sum under full scale.
  private static let largestLoweringDB = 6.0

  /// Decides on the stem's level and whether it can be heard.
  /// - Parameter leastLU: how loud the stem must be beside the song to be surely there.
  func conclude(
    _ step: PlanStep, _ method: EditMethod, _ measure: StemMeasure, presence: Double?,
    cutoff: Cutoff? = nil, followed: Followed? = nil, leastLU: Double? = nil,
    mix: (Double) -> StemMix, seconds: [Double]
  ) throws -> Outcome {
    var gain = min(options.strength, step.operation == .add ? .infinity : 1)
    var lowered = 0.0
    if step.operation == .add {
      gain *= Self.levelling(
        measure.stemLoudness - measure.songLoudness, step.attributes,
        followedLU: followed.map { $0.loudness - measure.songLoudness })
      if !options.headroom, gain > measure.largestGain {
        lowered = max(-Self.largestLoweringDB, Self.decibels(measure.largestGain / gain))
        gain *= pow(10, lowered / 20)
      }
    }
    let change = measure.changeLoudness(gain: gain) - measure.songLoudness
    let least = step.operation == .superResolve ? Self.audibleHighsLU : Self.audibleLU
    let isThere = !(measure.stemLoudness - measure.songLoudness < leastLU ?? -.infinity)
    let audible = gain > 0 && measure.stemLoudness.isFinite && !(change < least) && isThere
    let made = mix(gain)
    var report = try report(
      step, method, measure, rule: made.rule, seconds: seconds, follows: followed != nil)
    report.presence = presence
    report.cutoffHz = cutoff?.hz
    report.changeLU = Self.finite(change)
    (report.gainDB, report.loweredDB) = (Self.decibels(gain), lowered)
    report.audible = audible
    return Outcome(report: report, change: audible ? .mix(made) : nil)
  }

  /// Of a step that changes nothing; what it did is filled in.
  func report(
    _ step: PlanStep, _ method: EditMethod, _ measure: StemMeasure, rule: MixRule,
    seconds: [Double], follows: Bool = false
  ) throws -> StepReport {
    let prompt =
      switch method {
      case .mask: Prompts.mask(step.target)
      case .bands: ""
      default: try prompt(step, method, follows: follows)
      }
    return StepReport(
      operation: step.operation.rawValue, target: step.targets, attributes: step.attributes,
      region: seconds, confidence: step.confidence,
      prompt: prompt, method: method.rawValue, formula: rule.formula, presence: nil,
      stemLUFS: Self.finite(measure.stemLoudness), songLUFS: Self.finite(measure.songLoudness),
      changeLU: nil, gainDB: 0, loweredDB: 0, audible: false)
  }

  /// The text that a generator is given, in the words that it knows.
  func prompt(_ step: PlanStep, _ method: EditMethod, follows: Bool) throws -> String {
    let known = method == .diffusion ? try models.generator(for: step.target).attributes : []
    return Prompts.stem(step, follows: follows, known: known)
  }

  /// Factor that brings a stem's loudness beside the song into what suits an accompaniment.
  /// - Parameter followedLU: loudness of the part that it follows, beside the song.
  static func levelling(
    _ relativeLU: Double, _ attributes: [String] = [], followedLU: Double? = nil
  ) -> Double {
    guard relativeLU.isFinite, relativeLU > audibleLU else { return 1 }
    let followed = followedLU.flatMap { $0.isFinite ? $0...$0 : nil }
    let range = attributes.lazy.compactMap { askedLU[$0] }.first ?? followed ?? addedLU
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
  /// - Parameter known: the words for what a stem is like that the generator was trained on, in their
  ///   order; at most two at once.
  static func stem(_ step: PlanStep, follows: Bool, known: [String]) -> String {
    switch step.operation {
    case .add where follows: "replace it with \(step.target)"
    case .add:
      (["add"] + words(for: step, known: known) + [step.targets]).joined(separator: " ")
    case .remix: ([step.target] + step.also).map { "add \($0)" }.joined(separator: ", ")
    default: "\(step.operation.rawValue) the \(step.targets)"
    }
  }

  /// A distorted guitar need not be called distorted.
  private static func words(for step: PlanStep, known: [String]) -> [String] {
    let names = step.target.split(separator: " ").map(String.init)
    return Array(
      known.filter { step.attributes.contains($0) && !names.contains($0) }.prefix(2))
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
  /// For one of several steps, each of which has noise of its own; the first has the seed's.
  func seeded(step index: Int) -> EditOptions {
    guard index > 0 else { return self }
    var options = self
    var random = Philox(seed: seed, stream: UInt64(index))
    options.seed = random.next()
    return options
  }

  func sampling(_ defaults: SamplingSettings) -> SamplingSettings {
    SamplingSettings(
      steps: steps ?? defaults.steps, guidance: guidance.map { Float($0) } ?? defaults.guidance)
  }

  /// What is left when something is removed sounds like nothing in particular: one take.
  func takes(of operation: PlanOperation, _ generator: any StemGenerator) -> Int {
    operation == .remove ? 1 : takes ?? generator.defaultTakes
  }
}
