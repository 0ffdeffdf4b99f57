import CKernels

extension Tensor {
  /// The same numbers as `f32`; a view of itself when they are that already.
  public func asFloat32() -> Tensor {
    guard dtype == .bf16 else { return self }
    var out = Tensor(uninitialized: shape)
    withUnsafeHalves { from in
      out.withUnsafeMutableFloats { to in
        guard let x = from.baseAddress, let y = to.baseAddress else { return }
        ck_to_f32(x, y, from.count)
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
        guard let x = from.baseAddress, let y = to.baseAddress else { return }
        ck_to_bf16(x, y, from.count)
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
