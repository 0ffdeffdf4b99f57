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

  /// `activation(norm(x))`: `[B, ..., channels] -> [B, ..., channels]`
  public func callAsFunction(
    _ x: Tensor, activation: Activation = .identity, output: DType = .f32
  ) -> Tensor {
    precondition(x.rank > 1 && x.channels == channels, "group norm of \(channels) on \(x.shape)")
    let items = x.shape[0]
    let input = x.asFloat32().reshaped([items, x.rows / max(1, items), channels])
    let moments = RowMoments(input)
    let factors = (0..<items).map { self.factors(moments, item: $0) }
    return mapRows(input, output: output) { from, to, rows, item in
      withBase(of: factors[item].scale) { scale in
        withBase(of: factors[item].shift) { shift in
          ck_affine(
            activation.kernel, from, scale, shift, to, output == .bf16, rows, channels)
        }
      }
    }.reshaped(x.shape)
  }

  /// What turns an item's channels into normalised ones: `x * scale + shift`.
  private func factors(_ moments: RowMoments, item: Int) -> (scale: Tensor, shift: Tensor) {
    let width = channels / groups
    var (scale, shift) = (weight.floats, bias.floats)
    for group in 0..<groups {
      let range = group * width..<(group + 1) * width
      let (mean, variance) = moments.total(item: item, channels: range)
      let inverse = 1 / (variance + Double(epsilon)).squareRoot()
      for channel in range {
        let factor = Double(scale[channel]) * inverse
        scale[channel] = Float(factor)
        shift[channel] -= Float(factor * mean)
      }
    }
    return (Tensor(vector: scale), Tensor(vector: shift))
  }
}

/// Means and summed squares of each channel in pieces of an item's rows, joined without loss of
/// figures (Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample
/// variances", 1979).
private struct RowMoments {
  /// `[B, pieces, 2, channels]`: means, then sums of squares around them.
  private let values: [Float]
  private let pieces: Int, grain: Int, rows: Int, channels: Int

  /// - Parameter x: `[B, rows, channels]`
  init(_ x: Tensor) {
    (rows, channels) = (x.shape[1], x.shape[2])
    grain = max(1, 32768 / max(1, channels))
    pieces = (rows + grain - 1) / grain
    let count = x.shape[0] * pieces
    let (rows, channels, grain, pieces) = (rows, channels, grain, pieces)
    values = x.withUnsafeFloats { x in
      [Float](unsafeUninitializedCapacity: count * 2 * channels) { out, filled in
        filled = count * 2 * channels
        guard let x = x.baseAddress, let out = out.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (x, out)
        parallelFor(count) { tile in
          let (item, first) = (tile / pieces, tile % pieces * grain)
          let mean = to + tile * 2 * channels
          ck_channel_moments(
            from + (item * rows + first) * channels, min(grain, rows - first), channels, mean,
            mean + channels)
        }
      }
    }
  }

  /// Mean and variance over all rows of an item and some of its channels.
  func total(item: Int, channels range: Range<Int>) -> (mean: Double, variance: Double) {
    func each(_ body: (_ rows: Double, _ mean: Double, _ squares: Double) -> Void) {
      for piece in 0..<pieces {
        let start = (item * pieces + piece) * 2 * channels
        let count = Double(min(grain, rows - piece * grain))
        for channel in range {
          body(count, Double(values[start + channel]), Double(values[start + channels + channel]))
        }
      }
    }
    let elements = Double(rows * range.count)
    var (sum, squares) = (0.0, 0.0)
    each { count, mean, _ in sum += count * mean }
    let mean = sum / elements
    each { count, part, inner in squares += inner + count * (part - mean) * (part - mean) }
    return (mean, squares / elements)
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
