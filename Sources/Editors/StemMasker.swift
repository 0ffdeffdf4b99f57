import Signal
import Tensors

/// A text's token states, as the networks attend to them.
public struct TextStates: Sendable {
  /// `[L, D]`, L at least 1.
  public let states: Tensor

  public init(_ states: Tensor) {
    precondition(states.rank == 2 && states.shape[0] > 0)
    self.states = states
  }
}

/// The share of a named stem in a stretch of a mixture.
public struct StemMask: Sendable {
  /// `[T, bands, 2]`, 0...1: of the left and the right channel; nil where the stem is not there.
  public let mask: Tensor?
  /// Probability that the stem is there at all.
  public let presence: Float

  public init(mask: Tensor?, presence: Float) {
    self.mask = mask
    self.presence = presence
  }
}

/// Tells what part of each mel band belongs to the stem that a text names.
public protocol StemMasker: Sendable {
  /// Layout of the `StereoFeatures` that it listens to.
  var mel: MelLayout { get }
  /// T of ``masks(of:named:)`` must be a multiple of this.
  var framesPerToken: Int { get }

  /// What is found of a stem must be so loud beside its recording to be surely there, LU; nil where
  /// nothing is known of that.
  func leastLoudness(of target: String) -> Double?

  /// How far a mask is led towards its share where those of all stems sum to more than one, 0...1.
  var shareWeight: Float { get }

  /// Masks of the stems that `texts` name.
  /// - Parameter mixture: `StereoFeatures` `[T, bands, 3]`.
  func masks(of mixture: Tensor, named texts: [TextStates]) throws -> [StemMask]
}
