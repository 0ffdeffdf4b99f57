/// A contiguous row-major array of `f32` or `bf16` elements.
///
/// Copies share storage; writing first makes the storage this tensor's own. Reshapes and slices
/// along the first dimension are views. Sequences are channel-last: `[B, T, C]`.
public struct Tensor: Sendable {
  /// Extent of each dimension, slowest first; empty for a single number.
  public let shape: [Int]
  public let dtype: DType
  /// Product of `shape`.
  public let count: Int
  private(set) var storage: Storage
  /// Elements from the start of `storage`.
  private(set) var offset: Int

  /// Number of dimensions.
  public var rank: Int { shape.count }
  /// Extent of the last dimension (1 for a single number).
  public var channels: Int { shape.last ?? 1 }
  /// Product of all dimensions but the last.
  public var rows: Int { channels == 0 ? 0 : count / channels }

  private init(shape: [Int], dtype: DType, storage: Storage, offset: Int) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in \(shape)")
    self.shape = shape
    self.dtype = dtype
    self.storage = storage
    self.offset = offset
    count = shape.reduce(1, *)
  }

  /// A new tensor whose content is undefined until it is written.
  public init(uninitialized shape: [Int], dtype: DType = .f32) {
    let bytes = shape.reduce(1, *) * dtype.byteCount
    self.init(
      shape: shape, dtype: dtype, storage: Storage(uninitializedBytes: bytes), offset: 0)
  }

  /// A new `f32` tensor filled with `value`.
  public init(repeating value: Float, shape: [Int]) {
    self.init(uninitialized: shape)
    withUnsafeMutableFloats { $0.update(repeating: value) }
  }

  /// A new `f32` tensor of zeros.
  public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// A new `f32` tensor from row-major values.
  /// - Throws: ``TensorError/size(name:expected:got:)`` unless the values fill the shape.
  public init(_ values: [Float], shape: [Int], name: String = "values") throws {
    let needed = shape.reduce(1, *)
    guard values.count == needed else {
      throw TensorError.size(name: name, expected: needed, got: values.count)
    }
    self.init(uninitialized: shape)
    values.withUnsafeBufferPointer { from in
      withUnsafeMutableFloats { _ = $0.update(from: from) }
    }
  }

  /// A new vector `[values.count]`.
  public init(vector values: [Float]) {
    self.init(uninitialized: [values.count])
    values.withUnsafeBufferPointer { from in
      withUnsafeMutableFloats { _ = $0.update(from: from) }
    }
  }

  /// A read-only view of memory that `owner` keeps alive (a mapped file).
  ///
  /// - Parameter bytes: row-major little-endian elements, aligned to the element size.
  /// - Throws: ``TensorError/size(name:expected:got:)`` unless the bytes fill the shape.
  public init(
    borrowing bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, owner: AnyObject,
    name: String = "values"
  ) throws {
    let needed = shape.reduce(1, *)
    guard bytes.count == needed * dtype.byteCount else {
      throw TensorError.size(name: name, expected: needed, got: bytes.count / dtype.byteCount)
    }
    guard let base = bytes.baseAddress, needed > 0 else {
      self.init(uninitialized: shape, dtype: dtype)
      return
    }
    precondition(Int(bitPattern: base) % dtype.byteCount == 0, "'\(name)' is not aligned")
    let storage = Storage(borrowing: base, byteCount: bytes.count, owner: owner)
    self.init(shape: shape, dtype: dtype, storage: storage, offset: 0)
  }

  // MARK: Views

  /// The same elements in another shape of equal size.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return Tensor(shape: shape, dtype: dtype, storage: storage, offset: offset)
  }

  /// Rows `range` of the first dimension, as a view: `[N, ...] -> [range.count, ...]`.
  public subscript(rows range: Range<Int>) -> Tensor {
    precondition(
      rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0],
      "rows \(range) of shape \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(), dtype: dtype, storage: storage,
      offset: offset + range.lowerBound * stride)
  }

  /// Element `index` of the first dimension, as a view: `[N, ...] -> [...]`.
  public subscript(index: Int) -> Tensor {
    self[rows: index..<index + 1].reshaped(Array(shape.dropFirst()))
  }

  // MARK: Access

  /// Calls `body` with the elements of an `f32` tensor.
  public func withUnsafeFloats<R, E: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    precondition(dtype == .f32, "f32 access to a \(dtype.rawValue) tensor")
    let start = storage.base.assumingMemoryBound(to: Float.self) + offset
    return try body(UnsafeBufferPointer(start: start, count: count))
  }

  /// Calls `body` with the bit patterns of a `bf16` tensor.
  public func withUnsafeHalves<R, E: Error>(
    _ body: (UnsafeBufferPointer<UInt16>) throws(E) -> R
  ) throws(E) -> R {
    precondition(dtype == .bf16, "bf16 access to a \(dtype.rawValue) tensor")
    let start = storage.base.assumingMemoryBound(to: UInt16.self) + offset
    return try body(UnsafeBufferPointer(start: start, count: count))
  }

  /// Calls `body` with the elements of an `f32` tensor for writing, after making them its own.
  public mutating func withUnsafeMutableFloats<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    precondition(dtype == .f32, "f32 access to a \(dtype.rawValue) tensor")
    makeUnique()
    let start = storage.base.assumingMemoryBound(to: Float.self) + offset
    return try body(UnsafeMutableBufferPointer(start: start, count: count))
  }

  /// Calls `body` with the bit patterns of a `bf16` tensor for writing, after making them its own.
  public mutating func withUnsafeMutableHalves<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<UInt16>) throws(E) -> R
  ) throws(E) -> R {
    precondition(dtype == .bf16, "bf16 access to a \(dtype.rawValue) tensor")
    makeUnique()
    let start = storage.base.assumingMemoryBound(to: UInt16.self) + offset
    return try body(UnsafeMutableBufferPointer(start: start, count: count))
  }

  /// Calls `body` with the bytes of the elements for writing, after making them its own.
  public mutating func withUnsafeMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    makeUnique()
    let start = storage.base + offset * dtype.byteCount
    return try body(UnsafeMutableRawBufferPointer(start: start, count: count * dtype.byteCount))
  }

  /// Calls `body` with the bytes of the elements.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let start = UnsafeRawPointer(storage.base) + offset * dtype.byteCount
    return try body(UnsafeRawBufferPointer(start: start, count: count * dtype.byteCount))
  }

  private mutating func makeUnique() {
    if storage.isOwned && isKnownUniquelyReferenced(&storage) { return }
    let copy = Storage(uninitializedBytes: count * dtype.byteCount)
    let from = storage.base + offset * dtype.byteCount
    copy.base.copyMemory(from: from, byteCount: count * dtype.byteCount)
    storage = copy
    offset = 0
  }

  /// The elements as an array of singles, whatever the element type.
  public var floats: [Float] {
    let source = asFloat32()
    return source.withUnsafeFloats { Array($0) }
  }

  /// The only element of a tensor of one element.
  public var scalar: Float {
    precondition(count == 1, "scalar of shape \(shape)")
    return floats[0]
  }
}
