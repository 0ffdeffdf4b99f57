import CKernels
import Checkpoints
import Tensors

/// Residual block over pictures: twice group norm, SiLU and a 3x3 convolution, with the timestep's
/// vector added between: `[B, H, W, in] -> [B, H, W, out]`.
///
/// Source: `ResnetBlock2D` in huggingface/diffusers (models/resnet.py) with
/// `time_embedding_norm="default"`; the same arithmetic as `ResBlock` of latent diffusion
/// (2112.10752).
public struct ResnetBlock2D: Sendable {
  private let norm1: GroupNorm, conv1: Conv2d
  private let timeProjection: Linear?
  private let norm2: GroupNorm, conv2: Conv2d
  private let shortcut: Conv2d?

  /// Takes `norm1`, `conv1`, `norm2`, `conv2`, with a `timeDim` `time_emb_proj`, and `conv_shortcut`
  /// when the numbers of channels differ.
  ///
  /// - Parameter timeDim: width of the timestep's vector; nil in an autoencoder.
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, timeDim: Int?, groups: Int, epsilon: Float
  ) throws {
    norm1 = try GroupNorm(w / "norm1", groups: groups, channels: inputs, epsilon: epsilon)
    conv1 = try Conv2d(w / "conv1", in: inputs, out: outputs, kernel: (3, 3), padding: (1, 1))
    timeProjection = try timeDim.map { try Linear(w / "time_emb_proj", in: $0, out: outputs) }
    norm2 = try GroupNorm(w / "norm2", groups: groups, channels: outputs, epsilon: epsilon)
    conv2 = try Conv2d(w / "conv2", in: outputs, out: outputs, kernel: (3, 3), padding: (1, 1))
    shortcut =
      inputs == outputs
      ? nil : try Conv2d(w / "conv_shortcut", in: inputs, out: outputs, kernel: (1, 1))
  }

  /// - Parameters:
  ///   - x: `[B, H, W, in]`
  ///   - time: `[B, timeDim]`, after its SiLU.
  public func callAsFunction(_ x: Tensor, time: Tensor? = nil) -> Tensor {
    precondition((time == nil) == (timeProjection == nil), "the block needs its timestep")
    var h = conv1(norm1(x, activation: .silu, output: conv1.inputType))
    if let time, let timeProjection { h.addToItems(timeProjection(time)) }
    let inner = norm2(h, activation: .silu, output: conv2.inputType)
    var sum = shortcut.map { $0(x) } ?? x
    conv2.add(inner, to: &sum)
    return sum
  }
}

extension Tensor {
  /// Adds a vector to all positions of each item: `[B, ..., C] += [B, C]`.
  mutating func addToItems(_ vectors: Tensor) {
    let (items, width) = (shape[0], channels)
    precondition(vectors.count == items * width, "\(vectors.shape) added to items of \(shape)")
    let rows = rows / max(1, items)
    let grain = max(1, 32768 / width)
    let pieces = (rows + grain - 1) / grain
    vectors.withUnsafeFloats { vectors in
      withUnsafeMutableFloats { x in
        guard let x = x.baseAddress, let vectors = vectors.baseAddress else { return }
        parallelFor(items * pieces) { tile in
          let (item, first) = (tile / pieces, tile % pieces * grain)
          for row in item * rows + first..<item * rows + min(rows, first + grain) {
            ck_scale_add(x + row * width, nil, vectors + item * width, 1, width)
          }
        }
      }
    }
  }
}
