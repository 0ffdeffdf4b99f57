import CKernels
import Checkpoints
import Tensors

/// ConvNeXt block over time and frequency: depthwise convolution, layer norm, two linear layers
/// with GELU (tanh), and a learned scale on the way back: `[B, T, F, C] -> [B, T, F, C]`.
///
/// Source: 2201.03545; `LocalBlock` in Models/training/networks.py.
public struct ConvNeXtBlock2d: Sendable {
  private let parts: ConvNeXtParts
  private let kernel: (rows: Int, columns: Int)

  /// Takes `dwconv`, `norm`, `pwconv1`, `pwconv2` and `gamma`, which is multiplied into `pwconv2`.
  ///
  /// - Parameter kernel: over time and frequency, both odd.
  public init(_ w: WeightScope, dim: Int, hidden: Int, kernel: (rows: Int, columns: Int)) throws {
    self.kernel = kernel
    parts = try ConvNeXtParts(
      w, dim: dim, hidden: hidden, kernel: [kernel.rows, kernel.columns], activation: .geluTanh)
  }

  /// `x += block(x)` for `[B, T, F, C]`.
  public func callAsFunction(_ x: inout Tensor) {
    let normed = convolvedAndNormed(x)
    parts.mlp.add(normed, to: &x)
  }

  /// Depthwise convolution and layer norm in one pass over rows that stay in the cache.
  private func convolvedAndNormed(_ x: Tensor) -> Tensor {
    let dim = parts.dim
    precondition(x.rank == 4 && x.channels == dim, "ConvNeXt block of \(dim) on \(x.shape)")
    let (items, length, columns, output) = (x.shape[0], x.shape[1], x.shape[2], parts.mlp.inputType)
    var out = Tensor(uninitialized: x.shape, dtype: output)
    let width = columns * dim
    out.withUnsafeMutableBytes { out in
      x.withUnsafeFloats { x in
        guard let x = x.baseAddress, let out = out.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (x, out)
        parallelRanges(items * length, grain: max(1, 8192 / width)) { range in
          let scratch = Storage(uninitializedBytes: width * 4)
          let row = scratch.base.assumingMemoryBound(to: Float.self)
          for place in range {
            let (item, t) = (place / length, place % length)
            convolve(from + item * length * width, length, columns, row: t, to: row)
            parts.norm(row, count: columns, to: to + place * width * output.byteCount)
          }
        }
      }
    }
    return out
  }

  private func convolve(
    _ x: UnsafePointer<Float>, _ length: Int, _ columns: Int, row: Int,
    to out: UnsafeMutablePointer<Float>
  ) {
    withBase(of: parts.filters) { filters in
      withBase(of: parts.filterBias) { bias in
        ck_depthwise_2d(
          x, length, columns, parts.dim, filters, bias, kernel.rows, kernel.columns, row, row + 1,
          out)
      }
    }
  }
}
