import CKernels
import Checkpoints
import Tensors

/// ConvNeXt block over time: depthwise convolution, layer norm, two linear layers with GELU, and a
/// learned scale on the way back to the residual: `[B, T, C] -> [B, T, C]`.
///
/// Source: 2201.03545 as used by Vocos, 2306.00814; `ConvNeXtBlock` in Models/training/networks.py.
public struct ConvNeXtBlock: Sendable {
  private let dim: Int
  private let window: Window
  /// `[taps, C]`
  private let filters: Tensor
  private let filterBias: Tensor
  private let normScale: Tensor, normShift: Tensor
  private let mlp: MLP

  /// Takes `dwconv`, `norm`, `pwconv1`, `pwconv2` and `gamma`, which is multiplied into `pwconv2`.
  public init(_ w: WeightScope, dim: Int, hidden: Int, kernel: Int = 7) throws {
    self.dim = dim
    window = Window(kernel: kernel, padding: (kernel / 2, kernel / 2))
    filters = try (w / "dwconv").tensor("weight", [dim, 1, kernel]).asFloat32()
      .reshaped([dim, kernel]).transposed()
    filterBias = try (w / "dwconv").tensor("bias", [dim]).asFloat32()
    normScale = try (w / "norm").tensor("weight", [dim]).asFloat32()
    normShift = try (w / "norm").tensor("bias", [dim]).asFloat32()
    mlp = MLP(
      up: try Linear(w / "pwconv1", in: dim, out: hidden),
      down: try Linear(
        w / "pwconv2", in: hidden, out: dim, outputScale: try w.tensor("gamma", [dim])),
      activation: .gelu)
  }

  /// `x += block(x)` for `[B, T, C]`.
  public func callAsFunction(_ x: inout Tensor) {
    let normed = convolvedAndNormed(x)
    mlp.add(normed, to: &x)
  }

  /// Depthwise convolution and layer norm in one pass over pieces that stay in the cache.
  private func convolvedAndNormed(_ x: Tensor) -> Tensor {
    precondition(x.rank == 3 && x.channels == dim, "ConvNeXt block of \(dim) on \(x.shape)")
    let (items, length, output) = (x.shape[0], x.shape[1], mlp.inputType)
    var out = Tensor(uninitialized: x.shape, dtype: output)
    let grain = max(1, 8192 / dim)
    let pieces = (length + grain - 1) / grain
    out.withUnsafeMutableBytes { out in
      guard let out = out.baseAddress else { return }
      parallelFor(items * pieces) { tile in
        let (item, piece) = (tile / pieces, tile % pieces)
        let range = piece * grain..<min(length, (piece + 1) * grain)
        let scratch = Storage(uninitializedBytes: range.count * dim * 4)
        let rows = scratch.base.assumingMemoryBound(to: Float.self)
        depthwiseRows(x, item: item, filters, filterBias, window, range, to: rows)
        norm(
          rows, count: range.count,
          to: out + (item * length + range.lowerBound) * dim * output.byteCount)
      }
    }
    return out
  }

  /// Layer norm of `count` rows, written in the type that the MLP reads.
  private func norm(_ rows: UnsafePointer<Float>, count: Int, to out: UnsafeMutableRawPointer) {
    withBase(of: normScale) { scale in
      withBase(of: normShift) { shift in
        ck_layer_norm(rows, scale, shift, 1e-6, out, mlp.inputType == .bf16, count, dim)
      }
    }
  }
}
