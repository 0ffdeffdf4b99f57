import CDNNL
import CKernels
import COpenBLAS

/// A matrix `[outputs, inputs]` prepared once for products with many rows: `y = x w^T`.
///
/// Packed by oneDNN, in single precision or bf16, where the CPU has AVX-512; kept as it is for
/// OpenBLAS elsewhere. Products are cut into row tiles whose borders depend on the number of rows
/// alone and each tile runs on one thread: the same bytes for any number of threads.
public final class PackedWeight: @unchecked Sendable {
  public let outputs: Int
  public let inputs: Int
  /// The element type that ``product(_:bias:activation:output:)`` reads without converting.
  public let inputType: DType
  private let packed: OpaquePointer?
  /// The plain matrix, when nothing was packed.
  private let plain: Tensor?

  /// - Parameter weight: `[outputs, inputs]`, the form of published Linear weights.
  public convenience init(_ weight: Tensor, precision: Precision = .current) {
    self.init(weight, precision: precision, packs: CPU.hasPackedProducts)
  }

  /// - Parameter packs: false leaves the products to OpenBLAS, as on CPUs without AVX-512.
  package init(_ weight: Tensor, precision: Precision, packs: Bool) {
    precondition(weight.rank == 2, "a packed weight has two dimensions, got \(weight.shape)")
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let single = weight.asFloat32()
    let bf16 = precision.usesBF16
    packed = single.withUnsafeFloats { w in
      guard packs, let base = w.baseAddress else { return nil }
      return cdnnl_pack(base, weight.shape[0], weight.shape[1], bf16)
    }
    plain = packed == nil ? single : nil
    inputType = packed != nil && bf16 ? .bf16 : .f32
  }

  deinit { cdnnl_free(packed) }

  /// `activation(x w^T + bias)`: `[..., inputs] -> [..., outputs]`.
  public func product(
    _ x: Tensor, bias: Tensor? = nil, activation: Activation = .identity, output: DType = .f32
  ) -> Tensor {
    precondition(x.channels == inputs, "input \(x.shape) for a weight [\(outputs), \(inputs)]")
    var out = Tensor(uninitialized: Array(x.shape.dropLast()) + [outputs], dtype: output)
    product(x, bias: bias, activation: activation, into: &out)
    return out
  }

  /// Writes the product over `out [..., outputs]`, which has the rows of `x`.
  package func product(
    _ x: Tensor, bias: Tensor?, activation: Activation, into out: inout Tensor
  ) {
    precondition(x.channels == inputs && out.channels == outputs && out.rows == x.rows)
    multiply(x, bias: bias, activation: activation, accumulate: false, into: &out)
  }

  /// `out += x w^T + bias`, with `out` in `f32`.
  public func add(_ x: Tensor, bias: Tensor? = nil, to out: inout Tensor) {
    precondition(
      x.channels == inputs && out.channels == outputs && out.rows == x.rows && out.dtype == .f32,
      "sum of \(x.shape) by [\(outputs), \(inputs)] into \(out.shape)")
    multiply(x, bias: bias, activation: .identity, accumulate: true, into: &out)
  }

  private func multiply(
    _ x: Tensor, bias: Tensor?, activation: Activation, accumulate: Bool, into out: inout Tensor
  ) {
    let (type, width) = (inputType, inputs)
    x.withUnsafeBytes { source in
      guard let source = source.baseAddress else { return }
      let direct = x.dtype == type
      multiply(
        rows: x.rows, gathering: !direct, bias: bias, activation: activation,
        accumulate: accumulate, into: &out
      ) { rows, scratch in
        let from = source + rows.lowerBound * width * x.dtype.byteCount
        guard !direct else { return from }
        convert(from, x.dtype, to: scratch, type, count: rows.count * width)
        return UnsafeRawPointer(scratch)
      }
    }
  }

  /// The product of rows that `gather` supplies, tile by tile, for convolutions.
  ///
  /// - Parameters:
  ///   - gathering: whether `gather` needs scratch memory for a tile's rows.
  ///   - gather: returns the rows `[range.count, inputs]` of ``inputType``, perhaps written to the
  ///     scratch memory that it is given; runs on several threads.
  ///   - out: `[..., outputs]` with `rows` rows.
  package func multiply(
    rows: Int, gathering: Bool, bias: Tensor?, activation: Activation, accumulate: Bool,
    into out: inout Tensor,
    gather: (Range<Int>, UnsafeMutableRawPointer) -> UnsafeRawPointer
  ) {
    precondition(bias.map { $0.count == outputs && $0.dtype == .f32 } ?? true)
    let tiles = RowTiles(rows)
    let outType = out.dtype
    out.withUnsafeMutableBytes { target in
      guard let target = target.baseAddress else { return }
      parallelFor(tiles.count) { tile in
        Threads.prepareLibraries()
        let range = tiles[tile]
        let scratch = Storage(
          uninitializedBytes: gathering ? range.count * inputs * inputType.byteCount : 0)
        let source = gather(range, scratch.base)
        let to = target + range.lowerBound * outputs * outType.byteCount
        withBase(of: bias) { bias in
          tileProduct(
            source, rows: range.count, bias: bias, activation, accumulate, to: to, outType)
        }
      }
    }
  }

  private func tileProduct(
    _ source: UnsafeRawPointer, rows: Int, bias: UnsafePointer<Float>?, _ activation: Activation,
    _ accumulate: Bool, to target: UnsafeMutableRawPointer, _ type: DType
  ) {
    if let packed {
      // oneDNN writes bf16 only from bf16 factors.
      let detour = type == .bf16 && inputType == .f32
      let single = Storage(uninitializedBytes: detour ? rows * outputs * 4 : 0)
      let fused = activation.fused
      let status = cdnnl_product(
        packed, rows, source, inputs, bias, fused ?? CDNNL_NONE, accumulate,
        detour ? single.base : target, type == .bf16 && !detour, outputs)
      precondition(status == 0, "oneDNN failed with status \(status) on [\(outputs), \(inputs)]")
      if detour { convert(single.base, .f32, to: target, .bf16, count: rows * outputs) }
      if fused == nil { apply(activation, to: target, type, count: rows * outputs) }
      return
    }
    guard let plain else { return }
    let single = Storage(uninitializedBytes: type == .f32 ? 0 : rows * outputs * 4)
    let place = type == .f32 ? target : single.base
    let c = place.assumingMemoryBound(to: Float.self)
    let n = outputs
    if !accumulate {
      for row in 0..<rows {
        if let bias { (c + row * n).update(from: bias, count: n) }
      }
    } else if let bias {
      for row in 0..<rows { ck_scale_add(c + row * n, nil, bias, 1, n) }
    }
    plain.withUnsafeFloats { w in
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(n), Int32(inputs), 1,
        source.assumingMemoryBound(to: Float.self), Int32(inputs), w.baseAddress, Int32(inputs),
        accumulate || bias != nil ? 1 : 0, c, Int32(n))
    }
    ck_activate(activation.kernel, c, target, type == .bf16, rows * n)
  }

  private func apply(
    _ activation: Activation, to target: UnsafeMutableRawPointer, _ type: DType, count: Int
  ) {
    let single = Storage(uninitializedBytes: type == .f32 ? 0 : count * 4)
    let source = type == .f32 ? target : single.base
    if type == .bf16 { convert(target, .bf16, to: source, .f32, count: count) }
    ck_activate(
      activation.kernel, source.assumingMemoryBound(to: Float.self), target, type == .bf16, count)
  }
}

/// Consecutive row tiles of nearly equal size: about 72 rows, the size from which oneDNN's kernels
/// run at full speed, and an even number of them.
struct RowTiles {
  let rows: Int, count: Int
  private let step: Int

  init(_ rows: Int) {
    self.rows = rows
    let wanted = rows <= 36 ? 1 : max(2, (rows + 143) / 144 * 2)
    step = max(1, ((rows + wanted - 1) / wanted + 5) / 6 * 6)
    count = (rows + step - 1) / step
  }

  subscript(tile: Int) -> Range<Int> { tile * step..<min(rows, (tile + 1) * step) }
}

extension Activation {
  /// oneDNN's own form, applied while the product's tile is in registers.
  fileprivate var fused: cdnnl_activation? {
    switch self {
    case .identity: CDNNL_NONE
    case .gelu: CDNNL_GELU_ERF
    case .geluTanh: CDNNL_GELU_TANH
    case .silu: CDNNL_SILU
    case .relu: CDNNL_RELU
    case .sigmoid, .tanh, .exp: nil
    }
  }
}

/// Converts `count` elements between element types.
package func convert(
  _ source: UnsafeRawPointer, _ from: DType, to target: UnsafeMutableRawPointer, _ to: DType,
  count: Int
) {
  switch (from, to) {
  case (.f32, .bf16):
    ck_to_bf16(
      source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: UInt16.self),
      count)
  case (.bf16, .f32):
    ck_to_f32(
      source.assumingMemoryBound(to: UInt16.self), target.assumingMemoryBound(to: Float.self),
      count)
  default:
    target.copyMemory(from: source, byteCount: count * from.byteCount)
  }
}

/// Calls `body` with the first element of an optional `f32` tensor.
package func withBase<R>(of tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> R) -> R {
  guard let tensor else { return body(nil) }
  return tensor.withUnsafeFloats { body($0.baseAddress) }
}
