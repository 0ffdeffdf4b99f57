import COpenBLAS

/// Whether a factor of a product is stored as it stands in the formula or transposed.
public enum Layout: Sendable { case plain, transposed }

/// `c = alpha * a b + beta * c` in single precision, all row-major.
///
/// - Parameters:
///   - a: `[m, k]`, or `[k, m]` when `aLayout` is `.transposed`; `aStride` elements between rows.
///   - b: `[k, n]`, or `[n, k]` when `bLayout` is `.transposed` (a published Linear weight).
///   - c: `[m, n]`, `cStride` elements between rows; read only when `beta` is not 0.
/// The product is cut into tiles that depend on the sizes alone: the same bytes for any number of
/// threads.
public func gemm(
  m: Int, n: Int, k: Int, alpha: Float = 1,
  a: UnsafePointer<Float>, aStride: Int, aLayout: Layout = .plain,
  b: UnsafePointer<Float>, bStride: Int, bLayout: Layout = .plain,
  beta: Float = 0, c: UnsafeMutablePointer<Float>, cStride: Int
) {
  guard m > 0 && n > 0 else { return }
  let tiles = GemmTiles(m: m, n: n, k: k)
  nonisolated(unsafe) let (a, b, c) = (a, b, c)
  parallelFor(tiles.count) { tile in
    Threads.prepareLibraries()
    let (rows, columns) = tiles[tile]
    let aTile = a + (aLayout == .plain ? rows.lowerBound * aStride : rows.lowerBound)
    let bTile = b + (bLayout == .plain ? columns.lowerBound : columns.lowerBound * bStride)
    cblas_sgemm(
      CblasRowMajor, aLayout == .plain ? CblasNoTrans : CblasTrans,
      bLayout == .plain ? CblasNoTrans : CblasTrans,
      Int32(rows.count), Int32(columns.count), Int32(k), alpha, aTile, Int32(aStride),
      bTile, Int32(bStride), beta, c + rows.lowerBound * cStride + columns.lowerBound,
      Int32(cStride))
  }
}

/// How a product is cut: along its longer side, into pieces worth a thread's while.
struct GemmTiles {
  let m: Int, n: Int, count: Int
  private let alongRows: Bool
  private let step: Int

  init(m: Int, n: Int, k: Int) {
    self.m = m
    self.n = n
    alongRows = m >= n
    let side = alongRows ? m : n
    let work = Double(m) * Double(n) * Double(max(k, 1))
    // About a million multiply-adds a tile at least, eight tiles at most, borders on multiples
    // of 16 so that the library's kernels run on full registers.
    let wanted = max(1, min(8, Int(work / 1e6), side / 32))
    step = max(16, (side / wanted + 15) / 16 * 16)
    count = (side + step - 1) / step
  }

  subscript(tile: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let piece = tile * step..<min(alongRows ? m : n, (tile + 1) * step)
    return alongRows ? (piece, 0..<n) : (0..<m, piece)
  }
}

extension Tensor {
  /// The matrix product `self b`: `[..., K] x [K, N] -> [..., N]`, or with a transposed `b`
  /// `[..., K] x [N, K] -> [..., N]`, the form of published Linear weights.
  public func matmul(_ b: Tensor, _ layout: Layout = .plain) -> Tensor {
    precondition(b.rank == 2, "the right factor has shape \(b.shape)")
    let (k, n) = layout == .plain ? (b.shape[0], b.shape[1]) : (b.shape[1], b.shape[0])
    precondition(channels == k, "product of shapes \(shape) and \(b.shape) (\(layout))")
    var out = Tensor(uninitialized: Array(shape.dropLast()) + [n])
    let m = rows
    let right = b.asFloat32()
    asFloat32().withUnsafeFloats { left in
      right.withUnsafeFloats { right in
        out.withUnsafeMutableFloats { out in
          guard let a = left.baseAddress, let b = right.baseAddress, let c = out.baseAddress
          else { return }
          gemm(
            m: m, n: n, k: k, a: a, aStride: k, b: b, bStride: layout == .plain ? n : k,
            bLayout: layout, c: c, cStride: n)
        }
      }
    }
    return out
  }
}
