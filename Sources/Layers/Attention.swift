import CKernels
import Checkpoints
import Tensors

/// Which keys may be attended to: zeros and minus infinities, `[B, Tk]`.
public struct KeyMask: Sendable {
  let additive: Tensor

  /// - Parameter present: for each item, true on keys that count; all of one length.
  public init(_ present: [[Bool]]) {
    let width = present.first?.count ?? 0
    precondition(present.allSatisfy { $0.count == width }, "rows of a key mask differ in length")
    var mask = Tensor(uninitialized: [present.count, width])
    mask.withUnsafeMutableFloats { mask in
      for (i, isPresent) in present.joined().enumerated() {
        mask[i] = isPresent ? 0 : -.infinity
      }
    }
    additive = mask
  }
}

/// Vectors of several heads inside the rows of a wider tensor `[B, T, stride]`, from channel
/// `offset` on.
public struct HeadRows: Sendable {
  let tensor: Tensor
  let offset: Int

  public init(_ tensor: Tensor, offset: Int = 0) {
    precondition(tensor.rank == 3 && tensor.dtype == .f32)
    (self.tensor, self.offset) = (tensor, offset)
  }

  var length: Int { tensor.shape[1] }
  var stride: Int { tensor.channels }
}

/// Scaled dot-product attention, `softmax(scale q k^T + bias + mask) v`, for each head.
///
/// - Parameters:
///   - queries: `[B, Tq, ...]`, keys and values `[B, Tk, ...]`.
///   - bias: `[heads, Tq, Tk]`, shared by all items.
///   - mask: `[B, Tk]`; a query without any key gets zeros.
/// - Returns: `[B, Tq, heads * size]`
public func attention(
  queries: HeadRows, keys: HeadRows, values: HeadRows, heads: Int, size: Int, scale: Float,
  bias: Tensor? = nil, mask: KeyMask? = nil, output: DType = .f32
) -> Tensor {
  let items = queries.tensor.shape[0]
  let (queryCount, keyCount) = (queries.length, keys.length)
  precondition(values.length == keyCount && keys.tensor.shape[0] == items)
  precondition(bias.map { $0.shape == [heads, queryCount, keyCount] } ?? true)
  precondition(mask.map { $0.additive.shape == [items, keyCount] } ?? true)
  let width = heads * size
  var out = Tensor(uninitialized: [items, queryCount, width], dtype: output)
  let rowsPerTile = 64
  let tiles = (queryCount + rowsPerTile - 1) / rowsPerTile
  queries.tensor.withUnsafeFloats { q in
    keys.tensor.withUnsafeFloats { k in
      values.tensor.withUnsafeFloats { v in
        out.withUnsafeMutableBytes { out in
          guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
            let out = out.baseAddress
          else { return }
          parallelFor(items * heads * tiles) { index in
            let (item, head, tile) = (index / tiles / heads, index / tiles % heads, index % tiles)
            let first = tile * rowsPerTile
            let rows = min(rowsPerTile, queryCount - first)
            let task = AttentionTile(rows: rows, keys: keyCount, size: size, scale: scale)
            let keyStart = item * keyCount
            task.run(
              q: q + (item * queryCount + first) * queries.stride + queries.offset + head * size,
              queries.stride,
              k: k + keyStart * keys.stride + keys.offset + head * size, keys.stride,
              v: v + keyStart * values.stride + values.offset + head * size, values.stride,
              bias: bias.map { $0[head][rows: first..<first + rows] },
              mask: mask.map { $0.additive[item] },
              to: out + ((item * queryCount + first) * width + head * size) * output.byteCount,
              output, width)
          }
        }
      }
    }
  }
  return out
}

/// Some queries of one head against all its keys.
private struct AttentionTile {
  let rows: Int, keys: Int, size: Int
  let scale: Float

  func run(
    q: UnsafePointer<Float>, _ qStride: Int, k: UnsafePointer<Float>, _ kStride: Int,
    v: UnsafePointer<Float>, _ vStride: Int, bias: Tensor?, mask: Tensor?,
    to out: UnsafeMutableRawPointer, _ type: DType, _ outStride: Int
  ) {
    let scratch = Storage(uninitializedBytes: (rows * keys + rows * size) * 4)
    let scores = scratch.base.assumingMemoryBound(to: Float.self)
    let sums = scores + rows * keys
    gemm(
      m: rows, n: keys, k: size, a: q, aStride: qStride, b: k, bStride: kStride,
      bLayout: .transposed, c: scores, cStride: keys)
    normalise(scores, bias: bias, mask: mask)
    gemm(
      m: rows, n: size, k: keys, a: scores, aStride: keys, b: v, bStride: vStride,
      c: sums, cStride: size)
    for row in 0..<rows {
      convert(
        sums + row * size, .f32, to: out + row * outStride * type.byteCount, type, count: size)
    }
  }

  private func normalise(_ scores: UnsafeMutablePointer<Float>, bias: Tensor?, mask: Tensor?) {
    guard let bias else {
      withBase(of: mask) { ck_softmax(scores, rows, keys, keys, scale, $0, 0) }
      return
    }
    guard let mask else {
      withBase(of: bias) { ck_softmax(scores, rows, keys, keys, scale, $0, keys) }
      return
    }
    var both = bias
    withBase(of: mask) { mask in
      both.withUnsafeMutableFloats { both in
        guard let mask, let both = both.baseAddress else { return }
        for row in 0..<rows { ck_scale_add(both + row * keys, nil, mask, 1, keys) }
      }
    }
    withBase(of: both) { ck_softmax(scores, rows, keys, keys, scale, $0, keys) }
  }
}

/// Multi-head attention with separate projections, for self- and cross-attention.
public struct MultiHeadAttention: Sendable {
  private let query: Linear, key: Linear, value: Linear, out: Linear
  private let heads: Int, size: Int
  private let scale: Float
  private let rotary: Rotary?

  /// - Parameters:
  ///   - heads: number of heads, each of `size` channels.
  ///   - scale: factor of the scores; by default `1 / sqrt(size)`, and 1 for T5.
  ///   - rotary: positions turned into queries and keys.
  public init(
    query: Linear, key: Linear, value: Linear, out: Linear, heads: Int, size: Int,
    scale: Float? = nil, rotary: Rotary? = nil
  ) {
    precondition(query.weight.outputs == heads * size && value.weight.outputs == heads * size)
    (self.query, self.key, self.value, self.out) = (query, key, value, out)
    (self.heads, self.size, self.rotary) = (heads, size, rotary)
    self.scale = scale ?? 1 / Float(size).squareRoot()
  }

  /// The element type that the projections read without converting.
  public var inputType: DType { query.inputType }

  /// - Parameters:
  ///   - x: `[B, Tq, C]`
  ///   - context: `[B, Tk, C']`; `x` itself for self-attention.
  ///   - bias: `[heads, Tq, Tk]`
  /// - Returns: `[B, Tq, C]`
  public func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, bias: Tensor? = nil, mask: KeyMask? = nil
  ) -> Tensor {
    out(mixed(x, context: context, bias: bias, mask: mask))
  }

  /// `sum += attention(x)`
  public func add(
    _ x: Tensor, context: Tensor? = nil, bias: Tensor? = nil, mask: KeyMask? = nil,
    to sum: inout Tensor
  ) {
    out.add(mixed(x, context: context, bias: bias, mask: mask), to: &sum)
  }

  private func mixed(_ x: Tensor, context: Tensor?, bias: Tensor?, mask: KeyMask?) -> Tensor {
    var q = query(x)
    var k = key(context ?? x)
    rotary?.rotate(&q, heads: heads)
    rotary?.rotate(&k, heads: heads)
    return attention(
      queries: HeadRows(q), keys: HeadRows(k), values: HeadRows(value(context ?? x)),
      heads: heads, size: size, scale: scale, bias: bias, mask: mask, output: out.inputType)
  }
}
