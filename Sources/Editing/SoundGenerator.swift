import AudioFiles
import Editors
import Foundation
import Metrics
import Tensors

/// Sound of a text, by a published text-to-audio model, written to a file.
public struct SoundGenerator {
  /// How a sound is made; nil takes what the model's publishers recommend.
  public struct Options: Sendable, Equatable {
    public var seconds: Double?
    public var negative = ""
    public var seed: UInt64 = 0
    public var steps: Int?
    public var guidance: Double?
    public var overwrite = false

    public init() {}

    /// - Throws: ``EditError/option(name:value:allowed:)``
    func validate() throws {
      if let seconds, !(seconds >= 0.01 && seconds <= SoundGenerator.longestSeconds) {
        throw EditError.option(
          name: "--seconds", value: "\(seconds)",
          allowed: "0.01 to \(Int(SoundGenerator.longestSeconds))")
      }
      try SamplingLimits.check(steps: steps, guidance: guidance)
    }
  }

  private static let longestSeconds = 120.0

  private let package: TextToAudioPackage
  private let precision: Precision

  /// Finds a model; it is loaded when it is used.
  ///
  /// - Parameter model: its folder (diffusers, or Amphion's experiments), or the name that it was
  ///   installed under.
  /// - Throws: `CheckpointError` for what is none.
  public init(model: String, precision: Precision = .auto) throws {
    package = try TextToAudioPackage(model)
    self.precision = precision
  }

  /// Makes the sound and writes it, in mono at the model's rate, with a report beside it; a failure
  /// leaves no file behind.
  ///
  /// - Parameter output: its ending says the format.
  /// - Throws: ``EditError`` for options out of range and for a model that only edits,
  ///   `AudioFileError` for an output that cannot be written, `CheckpointError` for what is wrong with
  ///   the model, what it finds wrong with the text, and what `progress` throws.
  public func generate(
    _ text: String, to output: String, options: Options = Options(),
    progress: ProgressHandler = { _ in }
  ) throws -> GenerationReport {
    try options.validate()
    let sidecar = output + ".aedit.json"
    for path in [output, sidecar] {
      try OutputFiles.checkVacant(path, overwrite: options.overwrite)
    }
    var info = AudioInfo(
      sampleRate: 16000, channelCount: 1, frameCount: 0, container: .wav,
      encoding: .integer(bits: 24))
    _ = try OutputPlan(path: output, like: info)
    let model = try Precision.$current.withValue(precision) { try package.open() }
    guard !model.takesSource else {
      throw EditError.unsupported(
        what: "this model edits sounds by instruction and makes none of a text alone",
        hint: "use aedit change SOUND \"INSTRUCTION\"")
    }
    var settings = model.defaults
    settings.steps = options.steps ?? settings.steps
    settings.guidance = options.guidance.map { Float($0) } ?? settings.guidance
    info.sampleRate = model.mel.sampleRateHz
    let writer = try AudioWriter(path: output, like: info, overwrite: options.overwrite)
    var random = Philox(seed: options.seed)
    let samples = try model.generate(
      text, negative: options.negative, seconds: options.seconds, settings: settings,
      random: &random
    ) { done, all in
      try progress(
        EditProgress(fraction: Double(done) / Double(all + 1), activity: "making the sound"))
    }
    let sound = AudioBlock(channels: [samples])
    try writer.write(sound)
    let loaded = try package.loaded()
    let warnings = try writer.commit().map(\.description)
    var meter = LoudnessMeter(sampleRate: info.sampleRate, channelCount: 1)
    meter.push(sound.samples)
    let report = GenerationReport(
      version: SongEditor.version, output: output, text: text, negative: options.negative,
      seed: options.seed, seconds: Double(samples.count) / Double(info.sampleRate),
      sampleRateHz: info.sampleRate, samplingSteps: settings.steps,
      guidance: Double(settings.guidance), models: [loaded],
      loudnessLUFS: meter.integratedLUFS.flatMap(StepRunner.finite),
      clippedSamples: writer.clippedSampleCount, warnings: warnings)
    try OutputFiles.write(report.json, to: sidecar)
    return report
  }
}

/// What was generated: returned, and written beside the output as `OUT.aedit.json`.
public struct GenerationReport: Sendable, Codable, Equatable {
  public var program = "aedit"
  public var version: String
  public var output: String
  public var text: String
  public var negative: String
  public var seed: UInt64
  public var seconds: Double
  public var sampleRateHz: Int
  public var samplingSteps: Int
  public var guidance: Double
  public var models: [LoadedModel]
  /// Integrated loudness (BS.1770); absent for silence and for under 400 ms.
  public var loudnessLUFS: Double?
  /// Samples held at full scale.
  public var clippedSamples: Int
  public var warnings: [String]

  /// As readable JSON with sorted keys, ending in a line feed.
  public var json: Data { reportJSON(self) }
}
