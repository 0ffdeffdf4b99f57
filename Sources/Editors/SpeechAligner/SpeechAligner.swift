import Checkpoints
import Signal
import Tensors

/// The aligner of a speech package, as edits use it.
public struct SpeechAligner: Sendable {
  public let mel: MelLayout
  private let network: AlignerNetwork

  /// Output frames that one pass gives, and those on both sides that it hears beside them. Both
  /// together are what the network was trained on (8 s).
  private static let framesPerWindow = 300
  private static let contextFrames = 50

  /// Loads component `aligner` in the precision of `Precision.current`.
  ///
  /// - Throws: `CheckpointError`
  public init(package: ModelPackage) throws {
    let config = try package.decode(AlignerConfig.self, from: "config", "aligner")
    let weights = try package.weights(of: "aligner")
    network = try AlignerNetwork(weights, config: config)
    try weights.finish()
    mel = .music(
      rate: config.rate, fftSize: config.fftSize, hop: config.hop, bands: config.bands)
  }

  /// Seconds from one output frame to the next; a frame is centred on its time.
  public var frameSeconds: Double {
    Double(network.config.hop * network.config.stride) / Double(network.config.rate)
  }

  /// Seconds at which an output frame begins.
  public func seconds(atFrame frame: Int) -> Double { max(0, (Double(frame) - 0.5) * frameSeconds) }

  /// The output frame in which a time lies.
  public func frame(atSeconds seconds: Double) -> Int {
    Int((seconds / frameSeconds + 0.5).rounded(.down))
  }

  /// Phonemes of a whole recording's log-mel frames.
  public func posteriors(
    of frames: MelFrames, progress: (Double) throws -> Void = { _ in }
  ) throws -> PhonemePosteriors {
    let (stride, bands) = (network.config.stride, network.config.bands)
    let total = (frames.frameCount + stride - 1) / stride
    var logits: [Float] = []
    for first in Swift.stride(from: 0, to: total, by: Self.framesPerWindow) {
      let inner = first..<min(first + Self.framesPerWindow, total)
      let outer =
        max(0, first - Self.contextFrames)..<min(total, inner.upperBound + Self.contextFrames)
      let heard =
        outer.lowerBound * stride..<min(outer.upperBound * stride, frames.frameCount)
      let part = Array(frames.values[heard.lowerBound * bands..<heard.upperBound * bands])
      let made = network(try Tensor(part, shape: [1, heard.count, bands]))[0]
      let offset = inner.lowerBound - outer.lowerBound
      logits += made[rows: offset..<offset + inner.count].floats
      try progress(Double(inner.upperBound) / Double(total))
    }
    return PhonemePosteriors(classCount: network.config.phones, logits: logits)
  }
}
