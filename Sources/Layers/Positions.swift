import CKernels
import Checkpoints
import Foundation
import Synchronization
import Tensors

/// Rotary positions (2104.09864) with half-split pairing: channel `i` of a head turns with channel
/// `i + size / 2` by `position * base^(-2i / size)`.
public final class Rotary: Sendable {
  public let size: Int
  private let base: Double
  /// Cosines and sines of the longest sequence seen, each `[T, size / 2]`.
  private let tables = Mutex<(cosine: Tensor, sine: Tensor)?>(nil)

  /// - Parameter size: channels of one head, even.
  public init(size: Int, base: Double = 10000) {
    precondition(size % 2 == 0, "rotary positions need an even head size, got \(size)")
    (self.size, self.base) = (size, base)
  }

  /// Turns the first `heads * size` channels after `offset` of each row of `[B, T, C]` by the row's
  /// position, starting from 0.
  public func rotate(_ x: inout Tensor, heads: Int, offset: Int = 0) {
    let (items, length, stride) = (x.shape[0], x.shape[1], x.channels)
    let (cosine, sine) = table(length)
    let (half, size) = (size / 2, size)
    x.withUnsafeMutableFloats { x in
      cosine.withUnsafeFloats { cosine in
        sine.withUnsafeFloats { sine in
          guard let x = x.baseAddress, let cosine = cosine.baseAddress, let sine = sine.baseAddress
          else { return }
          nonisolated(unsafe) let rows = x
          for item in 0..<items {
            parallelRanges(length, grain: max(1, 32768 / (heads * size))) { range in
              ck_rotate(
                rows + (item * length + range.lowerBound) * stride + offset, range.count, stride,
                heads, size, cosine + range.lowerBound * half, sine + range.lowerBound * half)
            }
          }
        }
      }
    }
  }

  private func table(_ length: Int) -> (cosine: Tensor, sine: Tensor) {
    tables.withLock { known in
      if let known, known.cosine.shape[0] >= length { return known }
      let half = size / 2
      let rates = (0..<half).map { Float(pow(base, -Double($0) / Double(half))) }
      let angles = (0..<length).flatMap { t in rates.map { Double(Float(t) * $0) } }
      let made = (
        cosine: Tensor(vector: angles.map { Float(cos($0)) }).reshaped([length, half]),
        sine: Tensor(vector: angles.map { Float(sin($0)) }).reshaped([length, half])
      )
      known = made
      return made
    }
  }
}

/// T5's relative positions: a learned number for each head and bucket of distances.
///
/// Source: 1910.10683, and `T5Attention._relative_position_bucket` in huggingface/transformers.
public struct RelativeBias: Sendable {
  private let table: [Float]
  private let heads: Int, buckets: Int, maxDistance: Int

  /// Takes `weight [buckets, heads]`.
  public init(_ w: WeightScope, heads: Int, buckets: Int, maxDistance: Int) throws {
    table = try w.tensor("weight", [buckets, heads]).floats
    (self.heads, self.buckets, self.maxDistance) = (heads, buckets, maxDistance)
  }

  /// The bias of bidirectional attention among `length` positions: `[heads, length, length]`.
  public func callAsFunction(length: Int) -> Tensor {
    let byDistance = (1 - length..<length).map { bucket(distance: $0) }
    var bias = Tensor(uninitialized: [heads, length, length])
    bias.withUnsafeMutableFloats { bias in
      for head in 0..<heads {
        for query in 0..<length {
          for key in 0..<length {
            let bucket = byDistance[key - query + length - 1]
            bias[(head * length + query) * length + key] = table[bucket * heads + head]
          }
        }
      }
    }
    return bias
  }

  /// Half of the buckets for keys after the query; in each half, the first half holds exact
  /// distances and the rest grows logarithmically up to `maxDistance`.
  func bucket(distance: Int) -> Int {
    let half = buckets / 2
    let exact = half / 2
    let start = distance > 0 ? half : 0
    let away = abs(distance)
    if away < exact { return start + away }
    // In single precision, as the reference computes it: borders must fall on the same side.
    let growth =
      log(Float(away) / Float(exact)) / Float(log(Double(maxDistance) / Double(exact)))
      * Float(half - exact)
    return start + min(half - 1, exact + Int(growth))
  }
}

/// Cosines, then sines of `1000 t` at `size / 2` rates from 1 down to 1/10000: `[t.count, size]`.
///
/// Source: the sinusoidal features of 2006.11239 in the order of `diffusers`' `flip_sin_to_cos`.
public func timestepFeatures(_ t: [Float], size: Int, scale: Float = 1000) -> Tensor {
  let half = size / 2
  var out = Tensor(uninitialized: [t.count, size])
  out.withUnsafeMutableFloats { out in
    for (row, time) in t.enumerated() {
      for i in 0..<half {
        let rate = exp(Float(-log(10000.0)) * Float(i) / Float(half))
        let angle = Double(scale * time * rate)
        out[row * size + i] = Float(cos(angle))
        out[row * size + half + i] = Float(sin(angle))
      }
    }
  }
  return out
}
