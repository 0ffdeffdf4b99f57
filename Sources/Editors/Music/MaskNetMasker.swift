import Foundation
import Signal
import Tensors

/// ``MaskNet`` as a ``StemMasker``.
public struct MaskNetMasker: StemMasker {
  private let network: MaskNet
  public let stems: [String]
  public let presenceThreshold: Float
  public let mel: MelLayout
  public var framesPerToken: Int { network.config.framesPerToken }

  /// Names of stems that contain others: a split song has the parts.
  private static let unions = ["guitar": ["acoustic guitar", "electric guitar"]]

  init(_ network: MaskNet, targets: [String], presenceThreshold: Float) {
    self.network = network
    self.presenceThreshold = presenceThreshold
    stems = targets.filter { target in
      !(Self.unions[target].map { $0.allSatisfy(targets.contains) } ?? false)
    }
    let config = network.config
    mel = MelLayout(
      sampleRateHz: config.rate,
      stft: STFTLayout(fftSize: config.fftSize, hopSamples: config.hop), bands: config.bands,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
  }

  public func masks(of mixture: Tensor, named texts: [TextStates]) throws -> [StemMask] {
    let text = TextBatch(texts)
    let mixtures = Tensor.stack([Tensor](repeating: mixture, count: texts.count))
    var (masks, presence) = network(mixtures, text: text.states, textMask: text.mask)
    masks.withUnsafeMutableFloats { values in
      for i in 0..<values.count { values[i] = 1 / (1 + expf(-values[i])) }
    }
    return texts.indices.map {
      StemMask(mask: masks[$0], presence: 1 / (1 + expf(-presence[$0])))
    }
  }
}
