/// The element types that checkpoints may hold and the readers know, by their safetensors names.
public enum StoredType: String, Sendable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case bool = "BOOL"
  case int8 = "I8"
  case uint8 = "U8"
  case int16 = "I16"
  case int32 = "I32"
  case int64 = "I64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .float16, .bfloat16, .int16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  /// Whether its elements are numbers with a fraction.
  public var isFloating: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .bool, .int8, .uint8, .int16, .int32, .int64: false
    }
  }
}

/// Where one tensor lies in a file.
public struct StoredTensor: Equatable, Sendable {
  public let type: StoredType
  public let shape: [Int]
  /// Bytes from the start of the file.
  public let bytes: Range<Int>
}

/// The directory at the start of a safetensors file: eight bytes of little-endian header size, then
/// JSON with each tensor's type, shape and place in the data that follows.
///
/// Source: the format's description in huggingface/safetensors (README, "Format"). As there, the
/// tensors must cover the data without overlap or hole, the header begins with `{`, and it may hold
/// at most 100 MB. Names must be unique and every number non-negative.
public struct SafetensorsHeader: Sendable {
  public static let maxHeaderBytes = 100_000_000
  static let maxRank = 16

  public let tensors: [String: StoredTensor]
  public let metadata: [String: String]

  /// Reads and checks the header of a whole file.
  ///
  /// - Parameters:
  ///   - file: all bytes of the file, from the first.
  ///   - name: what messages call the file.
  /// - Throws: ``CheckpointError/malformed(file:problem:)``
  public init(file: UnsafeRawBufferPointer, name: String) throws {
    func refuse(_ problem: String) -> CheckpointError { .malformed(file: name, problem: problem) }
    guard file.count >= 8 else {
      throw refuse("\(file.count) bytes are too few for a safetensors file")
    }
    let size = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard size <= UInt64(Self.maxHeaderBytes) else {
      throw refuse("header size \(size) is over the limit of \(Self.maxHeaderBytes) bytes")
    }
    let headerBytes = Int(size)
    guard headerBytes <= file.count - 8 else {
      throw refuse("header size \(headerBytes), but only \(file.count - 8) bytes follow")
    }
    let text = UnsafeRawBufferPointer(rebasing: file[8..<8 + headerBytes])
    guard text.first == UInt8(ascii: "{") else {
      throw refuse("its header does not begin with '{'")
    }
    let root: JSONValue
    do {
      root = try JSONValue(parsing: text, maxDepth: 4)
    } catch let error as JSONError {
      throw refuse("\(error)")
    }
    var entries = root.object ?? [:]
    metadata = try Self.metadata(entries.removeValue(forKey: "__metadata__"), refuse)
    var found: [String: StoredTensor] = [:]
    found.reserveCapacity(entries.count)
    for (key, entry) in entries {
      found[key] = try Self.tensor(
        key, entry, data: 8 + headerBytes..<file.count, refuse: refuse)
    }
    try Self.checkCover(found, data: 8 + headerBytes..<file.count, refuse)
    tensors = found
  }

  private static func metadata(
    _ value: JSONValue?, _ refuse: (String) -> CheckpointError
  ) throws -> [String: String] {
    guard let value else { return [:] }
    guard let members = value.object else { throw refuse("__metadata__ is no object") }
    return try members.mapValues {
      guard let text = $0.string else { throw refuse("__metadata__ holds something but strings") }
      return text
    }
  }

  /// One entry: `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
  private static func tensor(
    _ key: String, _ entry: JSONValue, data: Range<Int>, refuse: (String) -> CheckpointError
  ) throws -> StoredTensor {
    func refuseEntry(_ problem: String) -> CheckpointError {
      refuse("tensor '\(key.prefix(120))' \(problem)")
    }
    guard let typeName = entry["dtype"]?.string else { throw refuseEntry("has no dtype") }
    guard let type = StoredType(rawValue: typeName) else {
      throw refuseEntry("has type \(typeName.prefix(20)), which this reader does not know")
    }
    guard let dimensions = entry["shape"]?.array, dimensions.count <= maxRank else {
      throw refuseEntry("has no shape of at most \(maxRank) dimensions")
    }
    var shape: [Int] = []
    var byteCount = type.byteCount
    for dimension in dimensions {
      guard let extent = dimension.integer, extent >= 0 else {
        throw refuseEntry("has a dimension that is no count")
      }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw refuseEntry("has an absurd shape") }
      byteCount = product
      shape.append(extent)
    }
    guard let offsets = entry["data_offsets"]?.array, offsets.count == 2,
      let begin = offsets[0].integer, let end = offsets[1].integer, begin >= 0, begin <= end
    else { throw refuseEntry("has no valid data_offsets") }
    guard end <= data.count else {
      throw refuseEntry("ends at byte \(end) of \(data.count) bytes of data")
    }
    guard end - begin == byteCount else {
      throw refuseEntry("has \(end - begin) bytes, its shape \(shape) needs \(byteCount)")
    }
    return StoredTensor(
      type: type, shape: shape, bytes: data.lowerBound + begin..<data.lowerBound + end)
  }

  /// Refuses overlaps, holes and bytes that belong to no tensor.
  private static func checkCover(
    _ tensors: [String: StoredTensor], data: Range<Int>, _ refuse: (String) -> CheckpointError
  ) throws {
    var position = data.lowerBound
    let inOrder = tensors.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
        < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
    }
    for (key, tensor) in inOrder {
      guard tensor.bytes.lowerBound == position else {
        let fault =
          tensor.bytes.lowerBound < position ? "overlaps another" : "leaves a hole before it"
        throw refuse("tensor '\(key.prefix(120))' \(fault)")
      }
      position = tensor.bytes.upperBound
    }
    guard position == data.upperBound else {
      throw refuse("\(data.upperBound - position) bytes at its end belong to no tensor")
    }
  }
}
