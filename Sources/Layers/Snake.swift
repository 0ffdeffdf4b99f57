import CKernels
import Checkpoints
import Foundation
import Tensors

/// Snake, `x + sin(alpha x)^2 / beta`, with a learned rate for each channel.
///
/// Source: 2006.08195 and BigVGAN 2206.04658; in NVIDIA/BigVGAN `activations.py`, Snake has
/// `alpha` alone (beta = alpha), SnakeBeta both, each stored as a logarithm when `logScale`.
public struct Snake: Sendable {
  fileprivate let alpha: Tensor
  fileprivate let inverseBeta: Tensor

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

/// Snake between a doubling and a halving of the sample rate, which keep the harmonics that it makes
/// from folding back: `[B, T, C] -> [B, T, C]`.
///
/// Source: BigVGAN 2206.04658, section 3.2; `Activation1d` in NVIDIA/BigVGAN
/// (alias_free_activation/torch), whose filters stand in the published files.
public struct AntiAliasedSnake: Sendable {
  private static let taps = 12

  private let snake: Snake
  private let up: Tensor, down: Tensor

  /// Takes `act`, `upsample.filter` and `downsample.lowpass.filter`.
  public init(_ w: WeightScope, channels: Int, hasBeta: Bool, logScale: Bool) throws {
    snake = try Snake(w / "act", channels: channels, hasBeta: hasBeta, logScale: logScale)
    up = try (w / "upsample").tensor("filter", [1, 1, Self.taps]).asFloat32()
    down = try (w / "downsample.lowpass").tensor("filter", [1, 1, Self.taps]).asFloat32()
  }

  public func callAsFunction(_ x: Tensor, output: DType = .f32) -> Tensor {
    precondition(x.rank == 3 && x.channels == snake.alpha.count, "snake on \(x.shape)")
    let (items, length, channels) = (x.shape[0], x.shape[1], x.channels)
    let grain = max(16, 8192 / channels)
    let pieces = (length + grain - 1) / grain
    var out = Tensor(uninitialized: x.shape, dtype: output)
    x.withUnsafeFloats { x in
      out.withUnsafeMutableBytes { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        parallelFor(items * pieces) { tile in
          let (item, first) = (tile / pieces, tile % pieces * grain)
          let last = min(length, first + grain)
          let scratch = Storage(
            uninitializedBytes: (2 * (last - first) + Self.taps - 2) * channels * 4)
          withBases(up, down, snake.alpha, snake.inverseBeta) { up, down, alpha, beta in
            ck_anti_aliased_snake(
              x + item * length * channels, length, channels, up, down, alpha, beta, first, last,
              scratch.base.assumingMemoryBound(to: Float.self),
              y + (item * length + first) * channels * output.byteCount, output == .bf16)
          }
        }
      }
    }
    return out
  }
}

/// Calls `body` with the first elements of four `f32` tensors.
private func withBases(
  _ a: Tensor, _ b: Tensor, _ c: Tensor, _ d: Tensor,
  _ body: (
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?
  ) -> Void
) {
  withBase(of: a) { a in
    withBase(of: b) { b in withBase(of: c) { c in withBase(of: d) { d in body(a, b, c, d) } } }
  }
}
