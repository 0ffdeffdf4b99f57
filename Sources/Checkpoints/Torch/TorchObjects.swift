/// The few calls of a PyTorch pickle that are carried out. Source: `torch/_utils.py` and
/// `torch/serialization.py` of PyTorch 2.13.
extension PickleHeap {
  private static let storageTypes: [String: StoredType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]
  private static let types: [String: StoredType] = [
    "torch.float64": .float64, "torch.float32": .float32, "torch.float16": .float16,
    "torch.bfloat16": .bfloat16, "torch.int64": .int64, "torch.int32": .int32,
    "torch.int16": .int16, "torch.int8": .int8, "torch.uint8": .uint8, "torch.bool": .bool,
  ]
  private static let untypedStorages: Set<String> = [
    "torch.storage.UntypedStorage", "torch.UntypedStorage",
  ]

  /// The value of a call.
  mutating func call(
    _ name: Int, _ arguments: [PickleValue], in pickle: PickleSource
  ) throws -> PickleValue {
    switch names[name] {
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return try tensor(arguments, type: nil, in: pickle)
    case "torch._utils._rebuild_tensor_v3":
      guard arguments.count > 6, case .global(let type) = arguments[6] else {
        throw pickle.refuse("a tensor without its type")
      }
      guard let known = Self.types[names[type]] else { return placeholder(type) }
      return try tensor(arguments, type: known, in: pickle)
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard let data = arguments.first else { throw pickle.refuse("a parameter without data") }
      return data
    case "torch._tensor._rebuild_from_type_v2":
      guard arguments.count > 2, case .global(let callee) = arguments[0],
        names[callee].hasPrefix("torch._utils._rebuild_"), case .tuple(let inner) = arguments[2]
      else { return placeholder(name) }
      return try call(callee, containers[inner], in: pickle)
    case "collections.OrderedDict": return try dictionary(pairs: arguments.first, in: pickle)
    case "collections.defaultdict": return .dictionary(makeContainer())
    case "_codecs.encode": return arguments.first ?? .none  // how protocol 2 writes bytes
    case "builtins.set", "__builtin__.set", "builtins.list", "builtins.frozenset":
      return .list(makeContainer(items(of: arguments.first) ?? []))
    case "torch.Size": return .tuple(makeContainer(items(of: arguments.first) ?? []))
    default: return placeholder(name)
    }
  }

  /// A dictionary from a list of pairs, as old pickles write one; empty without it.
  private mutating func dictionary(
    pairs: PickleValue?, in pickle: PickleSource
  ) throws -> PickleValue {
    var members: [PickleValue] = []
    for pair in items(of: pairs) ?? [] {
      guard let both = items(of: pair), both.count == 2 else {
        throw pickle.refuse("a dictionary of something but pairs")
      }
      members += both
    }
    return .dictionary(makeContainer(members))
  }

  /// The items of a list or tuple.
  func items(of value: PickleValue?) -> [PickleValue]? {
    switch value {
    case .list(let container), .tuple(let container): containers[container]
    default: nil
    }
  }

  /// `(storage, offset, shape, strides, …)`
  private mutating func tensor(
    _ arguments: [PickleValue], type: StoredType?, in pickle: PickleSource
  ) throws -> PickleValue {
    guard arguments.count >= 4 else { throw pickle.refuse("a tensor of \(arguments.count) parts") }
    if case .placeholder = arguments[0] { return arguments[0] }
    guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = counts(arguments[2]), let strides = counts(arguments[3]), offset >= 0,
      shape.count == strides.count, shape.count <= SafetensorsHeader.maxRank
    else { throw pickle.refuse("a tensor whose place or shape makes no sense") }
    guard let type = type ?? storages[storage].type else {
      throw pickle.refuse("a tensor without a type")
    }
    return add(
      TorchTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
  }

  private func counts(_ value: PickleValue) -> [Int]? {
    guard let items = items(of: value) else { return nil }
    var counts: [Int] = []
    for item in items {
      guard case .integer(let count) = item, count >= 0 else { return nil }
      counts.append(count)
    }
    return counts
  }

  /// `('storage', type, key, device, count)`, in old files with a sixth part,
  /// `(key, offset, count)` or nothing.
  mutating func storage(from id: PickleValue, in pickle: PickleSource) throws -> PickleValue {
    guard let parts = items(of: id), parts.count >= 5, try pickle.text(of: parts[0]) == "storage",
      case .global(let type) = parts[1], case .integer(let count) = parts[4], count >= 0
    else { throw pickle.refuse("a reference to something but a storage") }
    let key = try pickle.text(of: parts[2])
    let name = names[type]
    var view: (Int, Int)?
    if parts.count > 5, let place = items(of: parts[5]) {
      guard place.count == 3, case .integer(let offset) = place[1],
        case .integer(let length) = place[2], offset >= 0, length >= 0
      else { throw pickle.refuse("a part of a storage that makes no sense") }
      view = (offset, length)
    }
    if Self.untypedStorages.contains(name) {
      return add(TorchStorage(key: key, type: nil, count: count, view: view))
    }
    let parent = name.hasPrefix("torch.cuda.") ? "torch.cuda." : "torch."
    guard name.hasPrefix(parent),
      let known = Self.storageTypes[String(name.dropFirst(parent.count))]
    else { return placeholder(type) }
    return add(TorchStorage(key: key, type: known, count: count, view: view))
  }
}
