extension Tensor {
  /// The same numbers as `f32`; a view of itself when they are that already.
  public func asFloat32() -> Tensor {
    guard dtype == .bf16 else { return self }
    var out = Tensor(uninitialized: shape)
    withUnsafeHalves { from in
      out.withUnsafeMutableFloats { to in
        for i in 0..<from.count { to[i] = Float(bitPattern: UInt32(from[i]) << 16) }
      }
    }
    return out
  }

  /// The same numbers rounded to the nearest `bf16` (ties to even).
  public func asBFloat16() -> Tensor {
    guard dtype == .f32 else { return self }
    var out = Tensor(uninitialized: shape, dtype: .bf16)
    withUnsafeFloats { from in
      out.withUnsafeMutableHalves { to in
        for i in 0..<from.count { to[i] = roundedToBFloat16(from[i]) }
      }
    }
    return out
  }

  /// Swaps the dimensions of a matrix: `[M, N] -> [N, M]`.
  public func transposed() -> Tensor {
    precondition(rank == 2 && dtype == .f32, "transpose of a \(dtype.rawValue) \(shape)")
    let (m, n) = (shape[0], shape[1])
    var out = Tensor(uninitialized: [n, m])
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        for i in 0..<m { for j in 0..<n { to[j * m + i] = from[i * n + j] } }
      }
    }
    return out
  }
}

/// The upper half of the nearest bf16 number; NaN stays NaN.
@inline(__always)
func roundedToBFloat16(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
}
