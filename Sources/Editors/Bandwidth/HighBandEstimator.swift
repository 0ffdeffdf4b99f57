import Checkpoints
import Signal
import Tensors

/// Tells from what is left of a recording how loud its missing treble was.
public protocol TrebleEstimator: Sendable {
  /// Log-mel magnitudes of the mean of the channels.
  var mel: MelLayout { get }
  /// Frames on either side that an answer depends on.
  var contextFrames: Int { get }

  /// Log-mel magnitudes `[T, bands]` of all bands, from those that are `known`.
  func bands(of mel: Tensor, known: [Bool]) -> Tensor
}

/// The network of a `bandwidth` package, as edits use it.
public struct HighBandEstimator: TrebleEstimator {
  public static let packageKind = "bandwidth"

  public let mel: MelLayout
  private let network: HighBand

  /// Loads component `bands` in the precision of `Precision.current`.
  ///
  /// - Throws: `CheckpointError`
  public init(package: ModelPackage) throws {
    let config = try package.decode(HighBandConfig.self, from: "config", "bands")
    let weights = try package.weights(of: "bands")
    network = try HighBand(weights, config: config)
    try weights.finish()
    mel = .music(rate: config.rate, fftSize: config.fftSize, hop: config.hop, bands: config.bands)
  }

  public var contextFrames: Int { network.contextFrames }

  public func bands(of mel: Tensor, known: [Bool]) -> Tensor { network(mel, known: known) }
}
