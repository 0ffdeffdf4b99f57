import Tensors

/// A safetensors file, mapped: its directory is read and checked at once, its data when it is used.
public final class SafetensorsFile: Sendable {
  private let file: MappedFile
  public let header: SafetensorsHeader
  public var path: String { file.path }

  /// - Throws: ``CheckpointError/unreadable(file:reason:)`` or
  ///   ``CheckpointError/malformed(file:problem:)``
  public init(path: String) throws {
    file = try MappedFile(path: path)
    header = try SafetensorsHeader(file: file.bytes, name: path)
  }

  /// The names of all tensors, sorted.
  public var keys: [String] { header.tensors.keys.sorted() }

  /// All tensors, for a network to take its weights from.
  public func scope() -> WeightScope { WeightScope(file: self) }

  /// The numbers of a tensor: `f32` and `bf16` as views of the mapped file, `F16` converted to `f32`.
  ///
  /// - Parameters:
  ///   - key: the tensor's full name.
  ///   - shape: the shape that it must have.
  ///   - hint: what to tell the user when the tensor is missing or has another shape.
  /// - Throws: ``CheckpointError`` naming the tensor.
  public func tensor(_ key: String, _ shape: [Int], hint: String = "") throws -> Tensor {
    let stored = try stored(key, shape, hint)
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[stored.bytes])
    switch stored.type {
    case .float32: return try view(bytes, shape, .f32, key)
    case .bfloat16: return try view(bytes, shape, .bf16, key)
    case .float16: return halfToSingle(bytes, shape)
    case .int8, .uint8, .int32, .int64:
      throw CheckpointError.type(
        key: key, file: path, expected: "F32, F16 or BF16", got: stored.type.rawValue)
    }
  }

  /// The whole numbers of a tensor of type I8, U8, I32 or I64.
  ///
  /// - Throws: ``CheckpointError`` naming the tensor.
  public func integers(_ key: String, _ shape: [Int], hint: String = "") throws -> [Int] {
    let stored = try stored(key, shape, hint)
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[stored.bytes])
    func read<T: FixedWidthInteger>(_: T.Type) -> [Int] {
      stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size).map {
        Int(T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: T.self)))
      }
    }
    switch stored.type {
    case .int8: return read(Int8.self)
    case .uint8: return read(UInt8.self)
    case .int32: return read(Int32.self)
    case .int64: return read(Int64.self)
    case .float32, .float16, .bfloat16:
      throw CheckpointError.type(
        key: key, file: path, expected: "I8, U8, I32 or I64", got: stored.type.rawValue)
    }
  }

  private func stored(_ key: String, _ shape: [Int], _ hint: String) throws -> StoredTensor {
    guard let stored = header.tensors[key] else {
      throw CheckpointError.missing(
        key: key, file: path, expected: shape, hint: hint.isEmpty ? nearest(key) : hint)
    }
    guard stored.shape == shape else {
      throw CheckpointError.shape(
        key: key, file: path, expected: shape, got: stored.shape, hint: hint)
    }
    return stored
  }

  /// The name that shares most with `key`, as a hint.
  private func nearest(_ key: String) -> String {
    func shared(_ other: String) -> Int {
      let front = zip(key.utf8, other.utf8).prefix { $0 == $1 }.count
      let back = zip(key.utf8.reversed(), other.utf8.reversed()).prefix { $0 == $1 }.count
      return front + back
    }
    guard let best = keys.max(by: { shared($0) < shared($1) }) else {
      return "it holds none at all"
    }
    return "the nearest is '\(best)'"
  }

  /// The bytes as they lie, or a copy when they are not aligned to their element (the format does
  /// not promise it).
  private func view(
    _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ type: DType, _ key: String
  ) throws -> Tensor {
    if UInt(bitPattern: bytes.baseAddress) % UInt(type.byteCount) == 0 {
      return try Tensor(borrowing: bytes, shape: shape, dtype: type, owner: file, name: key)
    }
    var copy = Tensor(uninitialized: shape, dtype: type)
    switch type {
    case .f32:
      copy.withUnsafeMutableFloats { UnsafeMutableRawBufferPointer($0).copyBytes(from: bytes) }
    case .bf16:
      copy.withUnsafeMutableHalves { UnsafeMutableRawBufferPointer($0).copyBytes(from: bytes) }
    }
    return copy
  }

  private func halfToSingle(_ bytes: UnsafeRawBufferPointer, _ shape: [Int]) -> Tensor {
    var result = Tensor(uninitialized: shape)
    result.withUnsafeMutableFloats { singles in
      for index in 0..<singles.count {
        let half = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        singles[index] = single(fromHalf: UInt16(littleEndian: half))
      }
    }
    return result
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
