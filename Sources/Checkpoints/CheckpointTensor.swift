import Tensors

/// Where the elements of one tensor lie in a mapped file.
struct StoredElements: Sendable {
  let file: MappedFile
  /// From the first element to the end of the last one.
  let bytes: Range<Int>
  /// Elements from one index to the next, by dimension; nil when the elements lie in row-major order.
  var strides: [Int]?
  var isBigEndian = false

  /// Calls `body` with the place in row-major order and the bits of each element.
  @inline(__always)
  func forEach<Bits: FixedWidthInteger>(
    _: Bits.Type, shape: [Int], _ body: (Int, Bits) -> Void
  ) {
    let base = UnsafeRawBufferPointer(rebasing: file.bytes[bytes])
    let width = MemoryLayout<Bits>.size
    @inline(__always) func element(_ index: Int) -> Bits {
      let bits = base.loadUnaligned(fromByteOffset: index * width, as: Bits.self)
      return isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
    }
    let count = shape.reduce(1, *)
    guard let strides, let columns = shape.last, let step = strides.last else {
      for index in 0..<count { body(index, element(index)) }
      return
    }
    guard count > 0 else { return }
    var position = [Int](repeating: 0, count: shape.count - 1)
    var start = 0
    for row in 0..<count / columns {
      for column in 0..<columns { body(row * columns + column, element(start + column * step)) }
      // The next row: counted up as an odometer, last wheel first.
      for dimension in position.indices.reversed() {
        position[dimension] += 1
        start += strides[dimension]
        if position[dimension] < shape[dimension] { break }
        start -= position[dimension] * strides[dimension]
        position[dimension] = 0
      }
    }
  }
}

/// One tensor of a checkpoint: what it is, and how its numbers are read when they are asked for.
public struct CheckpointTensor: Sendable {
  public let type: StoredType
  public let shape: [Int]

  private enum Source: Sendable {
    case stored(StoredElements)
    /// A direction and its magnitude (``foldingWeightNorms(_:)``).
    indirect case weightNorm(magnitude: CheckpointTensor, direction: CheckpointTensor)
    /// A weight and the low-rank product that is added to it (``AdaptedCheckpoint``).
    indirect case adapted(CheckpointTensor, down: Tensor, up: Tensor, scale: Float)
  }
  private let source: Source

  init(type: StoredType, shape: [Int], elements: StoredElements) {
    self.type = type
    self.shape = shape
    source = .stored(elements)
  }

  init(magnitude: CheckpointTensor, direction: CheckpointTensor) {
    type = direction.type
    shape = direction.shape
    source = .weightNorm(magnitude: magnitude, direction: direction)
  }

  /// `weight + scale · up down`.
  ///
  /// - Parameters:
  ///   - weight: `[out, in]`.
  ///   - down: `[rank, in]`.
  ///   - up: `[out, rank]`.
  init(_ weight: CheckpointTensor, down: Tensor, up: Tensor, scale: Float) {
    type = weight.type
    shape = weight.shape
    source = .adapted(weight, down: down, up: up, scale: scale)
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The numbers: `F32` and `BF16` as views of the mapped file where they lie in order, the other
  /// floating types converted to `f32`; nil when the type is not a floating one.
  func numbers() -> Tensor? {
    switch source {
    case .stored(let elements): return numbers(elements)
    case .weightNorm(let magnitude, let direction):
      guard let g = magnitude.numbers(), let v = direction.numbers() else { return nil }
      return weightNormed(magnitude: g.asFloat32(), direction: v.asFloat32())
    case .adapted(let weight, let down, let up, let scale):
      return weight.numbers().map { sum($0.asFloat32(), up: up, down: down, scale: scale) }
    }
  }

  private func numbers(_ elements: StoredElements) -> Tensor? {
    switch type {
    case .float32:
      return view(elements, .f32) ?? single(elements, UInt32.self) { Float(bitPattern: $0) }
    case .bfloat16: return view(elements, .bf16) ?? brain(elements)
    case .float16: return single(elements, UInt16.self) { Checkpoints.single(fromHalf: $0) }
    case .float64: return single(elements, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .bool, .int8, .uint8, .int16, .int32, .int64: return nil
    }
  }

  /// The whole numbers, 0 and 1 for `BOOL`; nil when the type is a floating one.
  func integers() -> [Int]? {
    guard case .stored(let elements) = source else { return nil }
    var values = [Int](repeating: 0, count: type.isFloating ? 0 : count)
    switch type {
    case .bool: elements.forEach(UInt8.self, shape: shape) { values[$0] = $1 == 0 ? 0 : 1 }
    case .int8: elements.forEach(Int8.self, shape: shape) { values[$0] = Int($1) }
    case .uint8: elements.forEach(UInt8.self, shape: shape) { values[$0] = Int($1) }
    case .int16: elements.forEach(Int16.self, shape: shape) { values[$0] = Int($1) }
    case .int32: elements.forEach(Int32.self, shape: shape) { values[$0] = Int($1) }
    case .int64: elements.forEach(Int64.self, shape: shape) { values[$0] = Int($1) }
    case .float64, .float32, .float16, .bfloat16: return nil
    }
    return values
  }

  /// How many elements are NaN or infinite; reads them in place.
  public func countNotFinite() -> Int {
    switch source {
    case .stored(let elements): countNotFinite(elements)
    case .weightNorm(let magnitude, let direction):
      magnitude.countNotFinite() + direction.countNotFinite()
    case .adapted(let weight, _, _, _): weight.countNotFinite()
    }
  }

  private func countNotFinite(_ elements: StoredElements) -> Int {
    var found = 0
    func count<Bits: FixedWidthInteger>(_: Bits.Type, exponent: Bits) {
      elements.forEach(Bits.self, shape: shape) { found += $1 & exponent == exponent ? 1 : 0 }
    }
    switch type {
    case .float64: count(UInt64.self, exponent: 0x7FF0_0000_0000_0000)
    case .float32: count(UInt32.self, exponent: 0x7F80_0000)
    case .float16: count(UInt16.self, exponent: 0x7C00)
    case .bfloat16: count(UInt16.self, exponent: 0x7F80)
    case .bool, .int8, .uint8, .int16, .int32, .int64: break
    }
    return found
  }

  /// `weight [out, in] + scale · up [out, rank] down [rank, in]`, in single precision.
  private func sum(_ weight: Tensor, up: Tensor, down: Tensor, scale: Float) -> Tensor {
    var sum = weight
    let (rows, columns, rank) = (weight.shape[0], weight.shape[1], down.shape[0])
    up.asFloat32().withUnsafeFloats { up in
      down.asFloat32().withUnsafeFloats { down in
        sum.withUnsafeMutableFloats { sum in
          guard let a = up.baseAddress, let b = down.baseAddress, let c = sum.baseAddress
          else { return }
          gemm(
            m: rows, n: columns, k: rank, alpha: scale, a: a, aStride: rank, b: b,
            bStride: columns, beta: 1, c: c, cStride: columns)
        }
      }
    }
    return sum
  }

  /// The elements as they lie; nil when they must be copied (no order, other byte order, or not
  /// aligned, which the formats do not promise).
  private func view(_ elements: StoredElements, _ type: DType) -> Tensor? {
    let bytes = UnsafeRawBufferPointer(rebasing: elements.file.bytes[elements.bytes])
    guard elements.strides == nil, !elements.isBigEndian,
      UInt(bitPattern: bytes.baseAddress) % UInt(type.byteCount) == 0
    else { return nil }
    return try? Tensor(borrowing: bytes, shape: shape, dtype: type, owner: elements.file)
  }

  private func single<Bits: FixedWidthInteger>(
    _ elements: StoredElements, _: Bits.Type, _ value: (Bits) -> Float
  ) -> Tensor {
    var out = Tensor(uninitialized: shape)
    out.withUnsafeMutableFloats { out in
      elements.forEach(Bits.self, shape: shape) { out[$0] = value($1) }
    }
    return out
  }

  private func brain(_ elements: StoredElements) -> Tensor {
    var out = Tensor(uninitialized: shape, dtype: .bf16)
    out.withUnsafeMutableHalves { out in
      elements.forEach(UInt16.self, shape: shape) { out[$0] = $1 }
    }
    return out
  }
}

/// The value of IEEE half-precision bits, exactly.
///
/// The exponent and fraction are moved to their places in a single and the difference of the two
/// exponent biases (2^112) is multiplied in, which also brings subnormals right. No branch, so the
/// loop over it can be vectorised; the standard library's conversion calls a function per element.
@inline(__always)
package func single(fromHalf bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7FFF) << 13
  let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  let isSpecial: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
  return Float(bitPattern: scaled | isSpecial | UInt32(bits & 0x8000) << 16)
}
