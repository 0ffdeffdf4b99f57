import CKernels
import Checkpoints
import Foundation
import Tensors

/// Snake, `x + sin(alpha x)^2 / beta`, with a learned rate for each channel.
///
/// Source: 2006.08195 and BigVGAN 2206.04658; in NVIDIA/BigVGAN `activations.py`, Snake has
/// `alpha` alone (beta = alpha), SnakeBeta both, each stored as a logarithm when `logScale`.
public struct Snake: Sendable {
  private let alpha: Tensor
  private let inverseBeta: Tensor

  /// Takes `alpha [channels]` and, when `hasBeta`, `beta [channels]`.
  public init(_ w: WeightScope, channels: Int, hasBeta: Bool, logScale: Bool) throws {
    func rate(_ name: String) throws -> [Float] {
      let values = try w.tensor(name, [channels]).floats
      return logScale ? values.map { exp($0) } : values
    }
    let rates = try rate("alpha")
    alpha = Tensor(vector: rates)
    let beta = hasBeta ? try rate("beta") : rates
    inverseBeta = Tensor(vector: beta.map { 1 / ($0 + 1e-9) })
  }

  /// `[..., channels] -> [..., channels]`
  public func callAsFunction(_ x: Tensor, output: DType = .f32) -> Tensor {
    precondition(x.channels == alpha.count, "snake of \(alpha.count) on \(x.shape)")
    return mapRows(x, output: output) { from, to, rows, _ in
      withBase(of: alpha) { alpha in
        withBase(of: inverseBeta) { beta in
          guard let alpha, let beta else { return }
          ck_snake(from, alpha, beta, to, output == .bf16, rows, x.channels)
        }
      }
    }
  }
}
