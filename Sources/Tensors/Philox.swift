import Foundation

/// A counter-based random generator: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011).
///
/// Number `i` of stream `(seed, stream)` depends on nothing else, so the same seed gives the same
/// bytes on any number of threads.
public struct Philox: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt64
  /// Index of the next block of four 32-bit numbers.
  private var block: UInt64 = 0
  private var spare: UInt64?

  /// - Parameters:
  ///   - seed: what the user gives.
  ///   - stream: tells independent uses of one seed apart (a chunk, a layer).
  public init(seed: UInt64, stream: UInt64 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// The four numbers at counter `(block, stream)`.
  static func block(_ block: UInt64, stream: UInt64, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
    var x = SIMD4<UInt32>(
      UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
    var (k0, k1) = key
    for _ in 0..<10 {
      let p = UInt64(x[0]) * 0xD251_1F53
      let q = UInt64(x[2]) * 0xCD9E_8D57
      x = SIMD4(
        UInt32(truncatingIfNeeded: q >> 32) ^ x[1] ^ k0, UInt32(truncatingIfNeeded: q),
        UInt32(truncatingIfNeeded: p >> 32) ^ x[3] ^ k1, UInt32(truncatingIfNeeded: p))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return x
  }

  public mutating func next() -> UInt64 {
    if let value = spare {
      spare = nil
      return value
    }
    let x = Philox.block(block, stream: stream, key: key)
    block += 1
    spare = UInt64(x[2]) | UInt64(x[3]) << 32
    return UInt64(x[0]) | UInt64(x[1]) << 32
  }

  /// A new `f32` tensor of independent normal deviates (mean 0, variance 1; Box-Muller).
  public mutating func normals(_ shape: [Int]) -> Tensor {
    var out = Tensor(uninitialized: shape)
    let (first, stream, key) = (block, stream, key)
    let blocks = (out.count + 3) / 4
    out.withUnsafeMutableFloats { out in
      nonisolated(unsafe) let out = out
      parallelRanges(blocks, grain: 4096) { range in
        for index in range {
          let x = Philox.block(first &+ UInt64(index), stream: stream, key: key)
          let (a, b) = boxMuller(x[0], x[1])
          let (c, d) = boxMuller(x[2], x[3])
          let values = SIMD4(a, b, c, d)
          for lane in 0..<min(4, out.count - 4 * index) { out[4 * index + lane] = values[lane] }
        }
      }
    }
    block += UInt64(blocks)
    spare = nil
    return out
  }
}

/// Two normal deviates from two 32-bit uniform numbers.
private func boxMuller(_ u: UInt32, _ v: UInt32) -> (Float, Float) {
  let radius = (-2 * log((Double(u) + 0.5) * 0x1p-32)).squareRoot()
  let angle = (Double(v) + 0.5) * 0x1p-32 * 2 * Double.pi
  return (Float(radius * cos(angle)), Float(radius * sin(angle)))
}
