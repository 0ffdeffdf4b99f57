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
  /// Sound around the region that the models listen to, seconds.
  private static let contextSeconds = 3.0

  struct Outcome {
    let report: StepReport
    /// Nil when the step changes nothing that can be heard.
    let change: SongChange?
  }

  /// - Parameters:
  ///   - song: what the steps before have made.
  ///   - original: the song as it was before all steps, which has the part that a new one follows.
  func run(
    _ step: PlanStep, on song: Song, original: Song, progress: @escaping ProgressHandler
  ) throws -> Outcome {
    let frames = try Self.region(of: step, in: song.info, within: options.region)
    let region = Region(
      frames, songFrames: song.info.frameCount, sampleRate: song.info.sampleRate)
    if step.operation == .inpaint {
      return try inpaint(step, frames, on: song, progress: progress)
    }
    if step.operation == .remix {
      return try remix(step, region, on: song, progress: progress)
    }
    let levels = try SongLevels(of: song) {
      try progress(EditProgress(fraction: 0.05 * $0, activity: "listening"))
    }
    let method = try Self.method(for: step, options)
    let rule = Self.rule(step.operation, method)
    let seconds = region.seconds(rate: song.info.sampleRate)
    var measure = StemMeasure(rule: rule, region: region, info: song.info)
    var cutoff: Cutoff?
    if step.operation == .superResolve {
      cutoff = try Cutoff.find(in: song, ceiling: trebleCeiling)
      if cutoff == nil {
        let report = try report(step, method, measure, rule: rule, seconds: seconds)
        return Outcome(report: report, change: nil)
      }
    }
    let range = Self.heard(around: frames, of: song.info)
    let followed = try followed(by: step, in: original, range)
    let source = try source(
      step, method, song, range, gain: levels.modelGain, cutoff: cutoff, followed: followed)
    let scratch = try ScratchAudio(channelCount: song.info.channelCount, folder: folder)
    let reader = try song.reader()
    try collect(
      source, range, frames, into: scratch,
      progress: {
        try progress(EditProgress(fraction: 0.05 + 0.95 * $0, activity: Self.activity(step)))
      },
      take: { measure.push(song: try reader.read($1), stem: $0, at: $1.lowerBound) })
    measure.finish(info: song.info)
    let masked = source as? MaskedStems
    let least = ([step.target] + step.also).compactMap { masked?.masker.leastLoudness(of: $0) }
    return try conclude(
      step, method, measure, presence: masked.map { Double($0.presence[0]) }, cutoff: cutoff,
      followed: followed, leastLU: rule == .subtract ? least.min() : nil,
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
    case (.add, .mask), (.remix, .mask):
      throw EditError.unsupported(
        what: "--method mask cannot add anything", hint: "use --method diffusion or auto")
    case (.add, _), (.remix, _): return .diffusion
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

  /// The frames that models listen to for an edit of `frames`.
  static func heard(around frames: Range<Int>, of info: AudioInfo) -> Range<Int> {
    let context = Int(contextSeconds * Double(info.sampleRate))
    return max(0, frames.lowerBound - context)..<min(info.frameCount, frames.upperBound + context)
  }

  /// Takes a stem of `range` and keeps what lies in `frames`.
  /// - Parameter take: is given each kept piece with its frames.
  func collect(
    _ source: any StemSource, _ range: Range<Int>, _ frames: Range<Int>,
    into scratch: ScratchAudio, progress: (Double) throws -> Void,
    take: (AudioBlock, Range<Int>) throws -> Void
  ) throws {
    var position = range.lowerBound
    while let stem = try source.next()?[0] {
      let inner = (position..<position + stem.frameCount).clamped(to: frames)
      if !inner.isEmpty {
        let part = StemMix.singles(
          stem.frames(inner.lowerBound - position..<inner.upperBound - position))
        try scratch.append(part)
        try take(part, inner)
      }
      position += stem.frameCount
      try progress(Double(position - range.lowerBound) / Double(range.count))
    }
  }

  /// - Parameters:
  ///   - followed: the part that an added stem hears in the song's stead, and in whose place it stands.
  ///   - region: where given chords begin; by default the range.
  ///   - seed: of what chance has a part in; by default the one of the options.
  func source(
    _ step: PlanStep, _ method: EditMethod, _ song: Song, _ range: Range<Int>, gain: Float,
    cutoff: Cutoff? = nil, followed: Followed? = nil, region: Range<Int>? = nil,
    seed: UInt64? = nil
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
    let generator = try models.generator(for: step.target)
    let text = try models.states(of: prompt(step, method, follows: followed != nil))
    let (heard, heardGain) = followed.map { ($0.song, $0.gain) } ?? (song, gain)
    return try GeneratedStem(
      heard, range: range, generator: generator, text: text,
      negative: try models.states(of: options.negative ?? ""),
      settings: options.sampling(generator.defaults),
      takes: Takes(count: options.takes(of: step.operation, generator), target: step.target),
      seed: seed ?? options.seed, gain: heardGain, balance: followed?.balance,
      harmony: try harmony(
        of: heard, range, generator, gain: heardGain,
        chords: step.operation.adds ? options.chordLine() : nil,
        from: (region ?? range).lowerBound))
  }

  /// The chords and beats that a generator hears, or the chords that the user gives from frame `start`
  /// on; nil for one that hears none.
  private func harmony(
    of song: Song, _ range: Range<Int>, _ generator: any StemGenerator, gain: Float,
    chords: [Chord]?, from start: Int
  ) throws -> SongHarmony? {
    guard let head = generator.harmonyHead else { return nil }
    var harmony = try SongHarmony(song, range: range, head: head, gain: gain)
    if let chords {
      try harmony.play(
        chords, from: Double(start - range.lowerBound) / Double(song.info.sampleRate))
    }
    return harmony
  }

  static func activity(_ step: PlanStep) -> String {
    let verb =
      switch step.operation {
      case .add, .remix: "making"
      case .remove: "removing"
      case .superResolve: "restoring"
      default: "extracting"
      }
    return "\(verb) the \(step.targets)"
  }
}
