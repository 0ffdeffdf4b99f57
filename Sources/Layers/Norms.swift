import CKernels
import Checkpoints
import Tensors

/// Layer norm over the last dimension: `(x - mean) / sqrt(var + eps) * weight + bias`.
public struct LayerNorm: Sendable {
  private let dim: Int
  private let epsilon: Float
  private let weight: Tensor?
  private let bias: Tensor?

  /// Takes `weight [dim]` and `bias [dim]`.
  public init(_ w: WeightScope, dim: Int, epsilon: Float = 1e-5) throws {
    self.dim = dim
    self.epsilon = epsilon
    weight = try w.tensor("weight", [dim]).asFloat32()
    bias = try w.tensor("bias", [dim]).asFloat32()
  }

  /// A norm without weights, for modulated blocks.
  public init(dim: Int, epsilon: Float = 1e-5) {
    self.dim = dim
    self.epsilon = epsilon
    (weight, bias) = (nil, nil)
  }

  /// `[..., dim] -> [..., dim]`
  public func callAsFunction(_ x: Tensor, output: DType = .f32) -> Tensor {
    precondition(x.channels == dim, "layer norm of \(dim) on \(x.shape)")
    return mapRows(x, output: output) { from, to, rows, _ in
      withBase(of: weight) { scale in
        withBase(of: bias) { shift in
          ck_layer_norm(from, scale, shift, epsilon, to, output == .bf16, rows, dim)
        }
      }
    }
  }

  /// AdaLN: `norm(x) * scale + shift` with a scale and shift for each item.
  ///
  /// - Parameters:
  ///   - x: `[B, T, dim]`
  ///   - scale: `[B, dim]`, the whole factor (1 + the network's scale).
  ///   - shift: `[B, dim]`
  public func modulated(
    _ x: Tensor, scale: Tensor, shift: Tensor, output: DType = .f32
  ) -> Tensor {
    precondition(x.rank == 3 && x.channels == dim && scale.count == x.shape[0] * dim)
    return mapRows(x, output: output) { from, to, rows, item in
      withBase(of: scale[item]) { scale in
        withBase(of: shift[item]) { shift in
          ck_layer_norm(from, scale, shift, epsilon, to, output == .bf16, rows, dim)
        }
      }
    }
  }
}

/// Root-mean-square norm over the last dimension: `x / sqrt(mean(x^2) + eps) * weight`.
public struct RMSNorm: Sendable {
  private let dim: Int
  private let epsilon: Float
  private let weight: Tensor

  /// Takes `weight [dim]`.
  public init(_ w: WeightScope, dim: Int, epsilon: Float = 1e-6) throws {
    self.dim = dim
    self.epsilon = epsilon
    weight = try w.tensor("weight", [dim]).asFloat32()
  }

  /// `[..., dim] -> [..., dim]`
  public func callAsFunction(_ x: Tensor, output: DType = .f32) -> Tensor {
    precondition(x.channels == dim, "RMS norm of \(dim) on \(x.shape)")
    return mapRows(x, output: output) { from, to, rows, _ in
      withBase(of: weight) {
        ck_rms_norm(from, $0, epsilon, to, output == .bf16, rows, dim)
      }
    }
  }
}

/// Group norm: each item's channels are normalised in groups, over all its positions.
public struct GroupNorm: Sendable {
  private let groups: Int
  private let channels: Int
  private let epsilon: Float
  private let weight: Tensor
  private let bias: Tensor

  /// Takes `weight [channels]` and `bias [channels]`.
  public init(_ w: WeightScope, groups: Int, channels: Int, epsilon: Float = 1e-5) throws {
    precondition(channels % groups == 0, "\(channels) channels in \(groups) groups")
    (self.groups, self.channels, self.epsilon) = (groups, channels, epsilon)
    weight = try w.tensor("weight", [channels]).asFloat32()
    bias = try w.tensor("bias", [channels]).asFloat32()
  }

  /// `[B, ..., channels] -> [B, ..., channels]`
  public func callAsFunction(_ x: Tensor, output: DType = .f32) -> Tensor {
    precondition(x.rank > 1 && x.channels == channels, "group norm of \(channels) on \(x.shape)")
    let items = x.shape[0]
    let rows = x.rows / max(1, items)
    let input = x.asFloat32()
    var out = Tensor(uninitialized: x.shape, dtype: output)
    input.withUnsafeFloats { x in
      out.withUnsafeMutableBytes { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        parallelFor(items) { item in
          let start = item * rows * channels
          withBase(of: weight) { scale in
            withBase(of: bias) { shift in
              ck_group_norm(
                x + start, rows, channels, groups, scale, shift, epsilon,
                y + start * output.byteCount, output == .bf16)
            }
          }
        }
      }
    }
    return out
  }
}

/// Runs a kernel over pieces of the rows of `x`; a piece lies within one item of `[B, ..., C]`.
///
/// - Parameter kernel: gets the piece's first input element, its place in the output, the number of
///   rows, and the item.
func mapRows(
  _ x: Tensor, output: DType,
  _ kernel: (UnsafePointer<Float>, UnsafeMutableRawPointer, Int, Int) -> Void
) -> Tensor {
  let input = x.asFloat32()
  let channels = x.channels
  let items = x.rank > 2 ? x.shape[0] : 1
  let rows = x.rows / max(1, items)
  let grain = max(1, 32768 / max(1, channels))
  let pieces = (rows + grain - 1) / grain
  var out = Tensor(uninitialized: x.shape, dtype: output)
  input.withUnsafeFloats { x in
    out.withUnsafeMutableBytes { y in
      guard let x = x.baseAddress, let y = y.baseAddress else { return }
      parallelFor(items * pieces) { tile in
        let (item, piece) = (tile / pieces, tile % pieces)
        let first = piece * grain
        let start = (item * rows + first) * channels
        kernel(
          x + start, y + start * output.byteCount, min(grain, rows - first), item)
      }
    }
  }
  return out
}
