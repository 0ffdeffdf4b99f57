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

  /// The mean of the vectors that count: `[B, L, C] -> [B, C]`.
  public func mean(of x: Tensor) -> Tensor {
    let (present, values, width) = (additive.floats, x.asFloat32().floats, x.channels)
    precondition(x.rank == 3 && x.count == present.count * width, "mask of another shape")
    var out = [Float](repeating: 0, count: x.shape[0] * width)
    for item in 0..<x.shape[0] {
      let rows = (item * x.shape[1]..<(item + 1) * x.shape[1]).filter { present[$0] == 0 }
      for row in rows {
        for c in 0..<width { out[item * width + c] += values[row * width + c] / Float(rows.count) }
      }
    }
    return Tensor(vector: out).reshaped([x.shape[0], width])
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
  queries.tensor.withUnsafeFloats { q in
    keys.tensor.withUnsafeFloats { k in
      values.tensor.withUnsafeFloats { v in
        out.withUnsafeMutableBytes { out in
          guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
            let out = out.baseAddress
          else { return }
          let pieces = (queryCount + queriesPerTask - 1) / queriesPerTask
          parallelFor(items * heads * pieces) { index in
            let (item, head) = (index / (heads * pieces), index / pieces % heads)
            let first = index % pieces * queriesPerTask
            let count = min(queriesPerTask, queryCount - first)
            let start = item * queryCount + first
            AttentionHead(
              queries: count, keys: keyCount, size: size, scale: scale,
              q: q + start * queries.stride + queries.offset + head * size,
              qStride: queries.stride,
              k: k + item * keyCount * keys.stride + keys.offset + head * size,
              kStride: keys.stride,
              v: v + item * keyCount * values.stride + values.offset + head * size,
              vStride: values.stride,
              out: out + (start * width + head * size) * output.byteCount,
              outType: output, outStride: width
            ).run(
              bias: bias.map { $0[head][rows: first..<first + count] },
              mask: mask.map { $0.additive[item] })
          }
        }
      }
    }
  }
  return out
}

/// Queries of one head that a thread takes at once: enough to pay for turning the keys.
private let queriesPerTask = 480

/// Some queries of one head of one item.
private struct AttentionHead {
  let queries: Int, keys: Int, size: Int
  let scale: Float
  let q: UnsafePointer<Float>, qStride: Int
  let k: UnsafePointer<Float>, kStride: Int
  let v: UnsafePointer<Float>, vStride: Int
  let out: UnsafeMutableRawPointer, outType: DType, outStride: Int

  /// Queries whose scores are in memory at once.
  private static let rowsPerTile = 60

  /// - Parameters:
  ///   - bias: `[queries, keys]`
  ///   - mask: `[keys]`
  func run(bias: Tensor?, mask: Tensor?) {
    // Sixteen keys at a time: the rows of the transposed keys and of the scores are filled up. The
    // former lie an odd number of cache lines apart: a power of two would map them to few sets.
    let wide = (keys + 15) / 16 * 16
    let stride = wide | 16
    let rows = min(queries, Self.rowsPerTile)
    let scratch = Storage(uninitializedBytes: (size * stride + rows * (2 * wide + size)) * 4)
    let turned = scratch.base.assumingMemoryBound(to: Float.self)
    let scores = turned + size * stride
    let sums = scores + rows * wide
    let added = sums + rows * size
    for channel in 0..<size {
      (turned + channel * stride + keys).update(repeating: 0, count: wide - keys)
    }
    ck_transpose(k, kStride, turned, stride, keys, size)
    for first in Swift.stride(from: 0, to: queries, by: rows) {
      let count = min(rows, queries - first)
      ck_product(
        q + first * qStride, qStride, turned, stride, scores, wide, count, wide, size)
      normalise(
        scores, wide, rows: count, bias: bias.map { $0[rows: first..<first + count] }, mask: mask,
        added)
      ck_product(scores, wide, v, vStride, sums, size, count, size, keys)
      for row in 0..<count {
        convert(
          sums + row * size, .f32,
          to: out + (first + row) * outStride * outType.byteCount, outType, count: size)
      }
    }
  }

  /// - Parameter added: room for bias and mask together.
  private func normalise(
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int, rows: Int, bias: Tensor?, mask: Tensor?,
    _ added: UnsafeMutablePointer<Float>
  ) {
    withBase(of: bias) { bias in
      withBase(of: mask) { mask in
        guard let bias, let mask else {
          let isShared = bias == nil
          ck_softmax(
            scores, rows, keys, stride, scale, bias ?? mask, isShared ? 0 : keys)
          return
        }
        for row in 0..<rows {
          (added + row * keys).update(from: bias + row * keys, count: keys)
          ck_scale_add(added + row * keys, nil, mask, 1, keys)
        }
        ck_softmax(scores, rows, keys, stride, scale, added, keys)
      }
    }
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
