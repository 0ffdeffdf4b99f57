import AudioFiles
import Editors
import Foundation
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
  }

  private static let longestSeconds = 120.0

  private let model: any TextToAudioModel

  /// Opens the model of a diffusers folder.
  ///
  /// - Throws: `CheckpointError` for a folder that is none, and what its parts find wrong.
  public init(folder: String, precision: Precision = .auto) throws {
    model = try Precision.$current.withValue(precision) { try openTextToAudioModel(folder) }
  }

  /// Makes the sound and writes it, in mono at the model's rate; a failure leaves no file behind.
  ///
  /// - Parameter output: its ending says the format.
  /// - Throws: ``EditError`` for options out of range, `AudioFileError` for an output that cannot be
  ///   written, what the model finds wrong with the text, and what `progress` throws.
  public func generate(
    _ text: String, to output: String, options: Options = Options(),
    progress: ProgressHandler = { _ in }
  ) throws {
    try check(options)
    var settings = model.defaults
    settings.steps = options.steps ?? settings.steps
    settings.guidance = options.guidance.map { Float($0) } ?? settings.guidance
    let rate = model.mel.sampleRateHz
    let info = AudioInfo(
      sampleRate: rate, channelCount: 1, frameCount: 0, container: .wav,
      encoding: .integer(bits: 24))
    let writer = try AudioWriter(path: output, like: info, overwrite: options.overwrite)
    var random = Philox(seed: options.seed)
    let samples = try model.generate(
      text, negative: options.negative, seconds: options.seconds, settings: settings,
      random: &random
    ) { done, all in
      try progress(
        EditProgress(fraction: Double(done) / Double(all + 1), activity: "making the sound"))
    }
    try writer.write(AudioBlock(channels: [samples]))
    try writer.commit()
  }

  private func check(_ options: Options) throws {
    if let seconds = options.seconds, !(seconds > 0 && seconds <= Self.longestSeconds) {
      throw EditError.option(
        name: "--seconds", value: "\(seconds)", allowed: "up to \(Int(Self.longestSeconds))")
    }
    if let steps = options.steps, !(1...1000).contains(steps) {
      throw EditError.option(name: "--steps", value: "\(steps)", allowed: "1 to 1000")
    }
    if let guidance = options.guidance, !(guidance >= 1 && guidance <= 100) {
      throw EditError.option(name: "--guidance", value: "\(guidance)", allowed: "1 to 100")
    }
  }
}
