/// A value of a pickle. Everything with content is an index into a ``PickleHeap``, so that no value
/// owns another: deep, shared and circular structures cost nothing to make or to drop.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(PickleBytes)
  /// Bytes, and whole numbers of more than 64 bits.
  case bytes(PickleBytes)
  case tuple(Int)
  case list(Int)
  /// Keys and values in turn.
  case dictionary(Int)
  /// A class or function by its name; it is never looked up.
  case global(Int)
  case storage(Int)
  case tensor(Int)
  /// Where a class or function of this name would have made an object.
  case placeholder(Int)
}

/// A place in the pickle.
struct PickleBytes {
  let start: UInt32
  let count: UInt32
}

/// The bytes of a pickle and what messages call its file.
struct PickleSource {
  static let maxTextBytes = 512

  let bytes: UnsafeRawBufferPointer
  let name: String

  func refuse(_ problem: String) -> CheckpointError {
    .malformed(file: name, problem: "its pickle is wrong: \(problem)")
  }

  /// The text of a value.
  func text(of value: PickleValue) throws -> String {
    guard case .text(let place) = value, let text = text(at: place) else {
      throw refuse("a name that is no text")
    }
    return text
  }

  /// A text of at most ``maxTextBytes``; nil when it is longer or not UTF-8.
  func text(at place: PickleBytes) -> String? {
    guard place.count <= UInt32(Self.maxTextBytes) else { return nil }
    let range = Int(place.start)..<Int(place.start) + Int(place.count)
    return String(validating: bytes[range], as: UTF8.self)
  }
}

/// What the values of a pickle refer to.
struct PickleHeap {
  private(set) var containers: [[PickleValue]] = []
  private(set) var names: [String] = []
  private var nameIDs: [String: Int] = [:]
  var storages: [TorchStorage] = []
  var tensors: [TorchTensor] = []
  /// Names of what was not built, by index.
  private(set) var notBuilt: Set<Int> = []
  /// Values held, roughly; containers count for several.
  private(set) var size = 0

  mutating func makeContainer(_ items: [PickleValue] = []) -> Int {
    containers.append(items)
    size += 4 + items.count
    return containers.count - 1
  }

  mutating func append(_ items: ArraySlice<PickleValue>, to container: Int) {
    containers[container] += items
    size += items.count
  }

  mutating func intern(_ name: String) -> Int {
    if let known = nameIDs[name] { return known }
    nameIDs[name] = names.count
    names.append(name)
    size += 4 + name.utf8.count / 16
    return names.count - 1
  }

  mutating func placeholder(_ name: Int) -> PickleValue {
    notBuilt.insert(name)
    return .placeholder(name)
  }

  mutating func add(_ storage: TorchStorage) -> PickleValue {
    storages.append(storage)
    size += 4
    return .storage(storages.count - 1)
  }

  mutating func add(_ tensor: TorchTensor) -> PickleValue {
    tensors.append(tensor)
    size += 8
    return .tensor(tensors.count - 1)
  }
}

/// A storage as a pickle names it: where it lies is known to the file around it.
struct TorchStorage {
  let key: String
  /// Nil when elements are bytes until a tensor says what they are.
  let type: StoredType?
  /// Number of elements.
  let count: Int
  /// Elements from the start of the whole storage, and their number (old files share storages so).
  var view: (offset: Int, count: Int)?
}

/// A tensor as a pickle describes it.
struct TorchTensor {
  let storage: Int
  let type: StoredType
  /// Elements of the storage before the first one.
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}
