import Checkpoints
import Foundation
import Layers
import Tensors

/// Sizes and constants of ``SpeechTempo``, as `TempoConfig` in Models/training/speech/networks.py
/// writes them.
public struct SpeechTempoConfig: Sendable, Equatable, Decodable {
  public let dim: Int
  public let hidden: Int
  public let blocks: Int
  /// Classes, with the pause, which is 0.
  public let phones: Int
  /// Added to seconds before their logarithm.
  public let floor: Float
}

/// A phoneme, or the pause (0) at a border of words.
public struct TimedSound: Sendable, Equatable {
  public let phoneme: Int
  /// What of it is heard.
  public let heardSeconds: Double
  /// Whether that is all of it.
  public let isKnown: Bool
  /// Whether it is a pause after a word with punctuation.
  public let endsClause: Bool

  public init(phoneme: Int, heardSeconds: Double, isKnown: Bool, endsClause: Bool) {
    (self.phoneme, self.heardSeconds) = (phoneme, heardSeconds)
    (self.isKnown, self.endsClause) = (isKnown, endsClause)
  }
}

/// How long phonemes and pauses last in a gap, from those that are heard around it.
///
/// Source: `Tempo` in Models/training/speech/networks.py.
public struct SpeechTempo: Sendable {
  private let config: SpeechTempoConfig
  private let embed: Embedding
  private let given: Linear
  private let blocks: [ConvNeXtBlock]
  private let norm: LayerNorm
  private let out: Linear

  /// Seconds of what is heard and of what comes out lie around `exp(-3)`.
  private static let centre: Float = -3

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: SpeechTempoConfig) throws {
    config = c
    embed = try Embedding(w / "embed", count: c.phones, dim: c.dim)
    given = try Linear(w / "given", in: 3, out: c.dim)
    blocks = try (0..<c.blocks).map {
      try ConvNeXtBlock(w / "blocks" / $0, dim: c.dim, hidden: c.hidden)
    }
    norm = try LayerNorm(w / "norm", dim: c.dim, epsilon: 1e-6)
    out = try Linear(w / "out", in: c.dim, out: 1)
  }

  /// Loads component `tempo` of a speech package.
  ///
  /// - Throws: `CheckpointError`
  public init(package: ModelPackage) throws {
    let weights = try package.weights(of: "tempo")
    try self.init(
      weights, config: package.decode(SpeechTempoConfig.self, from: "config", "tempo"))
    try weights.finish()
  }

  /// The seconds that each sound lasts where it is not heard.
  ///
  /// - Throws: `LayerError` for a phoneme that the network does not know.
  public func seconds(of sounds: [TimedSound]) throws -> [Double] {
    guard !sounds.isEmpty else { return [] }
    let rows = sounds.flatMap { sound -> [Float] in
      [
        log(Float(sound.heardSeconds) + config.floor) - Self.centre, sound.isKnown ? 1 : 0,
        sound.endsClause ? 1 : 0,
      ]
    }
    var x = given(try Tensor(rows, shape: [sounds.count, 3]))
    x.combine(1, try embed(sounds.map(\.phoneme)), 1)
    x = x.reshaped([1] + x.shape)
    for block in blocks { block(&x) }
    return out(norm(x, output: out.inputType)).floats.map {
      Double(exp($0 + Self.centre) - config.floor)
    }
  }
}
