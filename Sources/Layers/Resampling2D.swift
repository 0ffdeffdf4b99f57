import Checkpoints
import Tensors

/// Halves a picture by a 3x3 convolution of stride 2: `[B, H, W, C] -> [B, H', W', C]`.
///
/// Source: `Downsample2D` in huggingface/diffusers (models/downsampling.py).
public struct Downsample2D: Sendable {
  /// Where the zeros around the picture lie.
  public enum Padding: Sendable {
    /// One on every side (U-Nets).
    case around
    /// One below and on the right alone (autoencoders of latent diffusion).
    case after
  }
  private let conv: Conv2d

  /// Takes `conv`.
  public init(_ w: WeightScope, channels: Int, padding: Padding) throws {
    let before = padding == .around ? 1 : 0
    conv = try Conv2d(
      w / "conv", in: channels, out: channels, kernel: (3, 3), stride: (2, 2),
      padding: (before, before), paddingAfter: (1, 1))
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { conv(x) }
}

/// Doubles a picture by repetition and a 3x3 convolution: `[B, H, W, C] -> [B, 2H, 2W, C]`.
///
/// Source: `Upsample2D` in huggingface/diffusers (models/upsampling.py).
public struct Upsample2D: Sendable {
  private let conv: Conv2d

  /// Takes `conv`.
  public init(_ w: WeightScope, channels: Int) throws {
    conv = try Conv2d(
      w / "conv", in: channels, out: channels, kernel: (3, 3), padding: (1, 1))
  }

  /// - Parameter size: height and width of the result where they are not the double: one less each
  ///   at most, as the other half of a U-Net had odd sizes.
  public func callAsFunction(_ x: Tensor, to size: (height: Int, width: Int)? = nil) -> Tensor {
    conv(x.repeatedTwice(to: size ?? (2 * x.shape[1], 2 * x.shape[2])))
  }
}

extension Tensor {
  /// Each position of `[B, H, W, C]` four times, cut to a height and width.
  fileprivate func repeatedTwice(to size: (height: Int, width: Int)) -> Tensor {
    let (items, height, width, bytes) = (shape[0], shape[1], shape[2], channels * dtype.byteCount)
    precondition(
      size.height <= 2 * height && size.width <= 2 * width, "\(size) from \(shape)")
    var out = Tensor(uninitialized: [items, size.height, size.width, channels], dtype: dtype)
    withUnsafeBytes { from in
      out.withUnsafeMutableBytes { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        parallelFor(items * size.height) { row in
          let (item, y) = (row / size.height, row % size.height)
          let source = from + (item * height + y / 2) * width * bytes
          for x in 0..<size.width {
            (to + (row * size.width + x) * bytes)
              .copyMemory(from: source + x / 2 * bytes, byteCount: bytes)
          }
        }
      }
    }
    return out
  }

  /// The first rows and columns of `[B, H, W, C]`.
  public func cropped(to size: (height: Int, width: Int)) -> Tensor {
    guard shape[1] != size.height || shape[2] != size.width else { return self }
    let (items, height, width, bytes) = (shape[0], shape[1], shape[2], channels * dtype.byteCount)
    precondition(size.height <= height && size.width <= width, "\(size) of \(shape)")
    var out = Tensor(uninitialized: [items, size.height, size.width, channels], dtype: dtype)
    withUnsafeBytes { from in
      out.withUnsafeMutableBytes { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for row in 0..<items * size.height {
          let (item, y) = (row / size.height, row % size.height)
          (to + row * size.width * bytes).copyMemory(
            from: from + (item * height + y) * width * bytes, byteCount: size.width * bytes)
        }
      }
    }
    return out
  }
}
