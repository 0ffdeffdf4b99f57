import Checkpoints
import Layers
import Signal
import Tensors

/// The mask network of a music package, as edits use it.
public struct MusicMasker: StemMasker {
  public let mel: MelLayout
  /// Below this presence a stretch holds nothing of a stem.
  private let presenceThreshold: Float
  /// Multiplies mask logits: below 1 it calms a network that is surer than it is right.
  private let logitScale: Float
  /// LU beside the recording, by stem.
  private let leastLoudness: [String: Double]
  public let shareWeight: Float
  private let network: MaskNet

  /// Stems whose masks' activations are in memory at once.
  private static let maskedAtOnce = 2

  /// What a music package's `defaults` say about masks.
  private struct Defaults: Decodable {
    let presenceThreshold: Float
    let logitScale: Float
    let leastLoudness: [String: Double]?
    let shareWeight: Float?

    private enum CodingKeys: String, CodingKey {
      case presenceThreshold = "presence_threshold"
      case logitScale = "logit_scale"
      case leastLoudness = "least_lu"
      case shareWeight = "share_weight"
    }
  }

  /// Loads component `mask` in the precision of `Precision.current`.
  ///
  /// - Throws: `CheckpointError`
  public init(package: ModelPackage) throws {
    let config = try package.decode(MaskNetConfig.self, from: "config", "mask")
    let weights = try package.weights(of: "mask")
    network = try MaskNet(weights, config: config)
    try weights.finish()
    mel = .music(
      rate: config.rate, fftSize: config.fftSize, hop: config.hop, bands: config.bands)
    let defaults = try package.decode(Defaults.self, from: "defaults")
    (presenceThreshold, logitScale) = (defaults.presenceThreshold, defaults.logitScale)
    leastLoudness = defaults.leastLoudness ?? [:]
    shareWeight = defaults.shareWeight ?? 1
  }

  public func leastLoudness(of target: String) -> Double? { leastLoudness[target] }

  public var framesPerToken: Int { network.config.framesPerToken }

  public func masks(of mixture: Tensor, named texts: [TextStates]) throws -> [StemMask] {
    guard !texts.isEmpty else { return [] }
    let heard = network.hear(mixture.reshaped([1] + mixture.shape))
    let (text, textMask) = batch(texts)
    let question = network.ask(heard, text: text, textMask: textMask)
    let presence = Tensor(vector: question.presence).applying(.sigmoid).floats
    var found = presence.map { StemMask(mask: nil, presence: $0) }
    let there = presence.indices.filter { presence[$0] >= presenceThreshold }
    for first in stride(from: 0, to: there.count, by: Self.maskedAtOnce) {
      let some = Array(there[first..<min(first + Self.maskedAtOnce, there.count)])
      let masks = network.masks(heard, question[some])
        .scaled(by: logitScale).applying(.sigmoid)
      for (row, stem) in some.enumerated() {
        found[stem] = StemMask(mask: masks[row], presence: presence[stem])
      }
    }
    return found
  }
}

/// States of several texts as one padded batch `[B, L, D]` with its mask.
func batch(_ texts: [TextStates]) -> (states: Tensor, mask: KeyMask) {
  let length = texts.map { $0.states.shape[0] }.max() ?? 0
  let dim = texts.first?.states.channels ?? 0
  let padded = texts.map { text in
    let row = text.states.floats
    let zeros = [Float](repeating: 0, count: length * dim - row.count)
    return Tensor(vector: row + zeros).reshaped([length, dim])
  }
  let mask = KeyMask(
    texts.map { text in (0..<length).map { $0 < text.states.shape[0] } })
  return (Tensor.stack(padded), mask)
}

extension MelLayout {
  /// The layout of the default music models with other sizes.
  static func music(rate: Int, fftSize: Int, hop: Int, bands: Int) -> MelLayout {
    var layout = MelLayout.music
    layout.sampleRateHz = rate
    layout.stft.fftSize = fftSize
    layout.stft.windowSamples = fftSize
    layout.stft.hopSamples = hop
    layout.bands = bands
    layout.highestHz = Double(rate) / 2
    return layout
  }
}
