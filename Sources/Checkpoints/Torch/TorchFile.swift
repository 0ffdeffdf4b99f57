/// A file that `torch.save` wrote (`.bin`, `.pt`, `.pth`, `.ckpt`), in the zip format of PyTorch 1.6
/// and later or the legacy one before, read without Python and without running anything of it.
///
/// Names of nested containers are joined by dots: `{"generator": {"conv.weight": …}}` holds
/// `generator.conv.weight`, and `scope() / "generator"` is the inner dictionary. The numbers are
/// views of the mapped file as those of a safetensors file are.
///
/// Source: `torch/serialization.py` of PyTorch 2.13.
public final class TorchFile: Checkpoint {
  static let maxDepth = 32
  static let maxNameBytes = 4096

  public let path: String
  public let tensors: [String: CheckpointTensor]
  /// Classes and functions that the file names and that were not built, sorted.
  public let placeholders: [String]
  /// The tensors as they lie in the file, pairs of weight norms apart.
  let stored: [String: CheckpointTensor]

  /// Whether the file begins as one that `torch.save` wrote.
  static func isTorch(_ path: String) throws -> Bool {
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) {
      // A safetensors file begins with its header's length, whose bytes may look like anything.
      if file.bytes.count > 8 && file.bytes[8] == UInt8(ascii: "{") { return false }
      return file.bytes.starts(with: zipStart) || file.bytes.first == 0x80 || isTar(file.bytes)
    }
  }

  private static let zipStart: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private static func isTar(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8)
  }

  /// - Throws: ``CheckpointError``
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    self.path = path
    guard !Self.isTar(file.bytes) else {
      throw CheckpointError.unsupported(
        file: path, what: "has the tar format that PyTorch wrote before 2017",
        hint: "load it in PyTorch and save it again")
    }
    let content =
      file.bytes.starts(with: Self.zipStart)
      ? try TorchContent(zip: file) : try TorchContent(legacy: file)
    var found: [String: Int] = [:]
    var budget = content.nameBudget
    try content.collect(content.root, "", depth: 0, &budget, &found)
    placeholders = content.heap.notBuilt.map { content.heap.names[$0] }.sorted()
    guard !found.isEmpty else {
      let classes = placeholders.prefix(3).joined(separator: ", ")
      throw CheckpointError.unsupported(
        file: path,
        what: "holds no named tensors"
          + (classes.isEmpty ? "" : ", but objects of classes that are not built (\(classes))"),
        hint: "save the state_dict of the model")
    }
    stored = try found.mapValues { try content.resolve($0) }
    tensors = foldingWeightNorms(stored)
  }
}

/// The pickle of a file and where its storages lie.
struct TorchContent {
  let file: MappedFile
  let heap: PickleHeap
  let root: PickleValue
  private let source: PickleSource
  /// Bytes of the pickles.
  private let pickleBytes: Int
  /// Bytes by storage key.
  private let places: [String: Range<Int>]
  private let isBigEndian: Bool

  /// `NAME/data.pkl`, `NAME/data/KEY` for each storage, `NAME/byteorder`.
  init(zip file: MappedFile) throws {
    self.file = file
    func refuse(_ problem: String) -> CheckpointError {
      .malformed(file: file.path, problem: problem)
    }
    let archive = try ZipDirectory(file.bytes, name: file.path)
    let entries = archive.entries
    guard !(entries.keys + archive.packed).contains(where: { $0.hasSuffix("/constants.pkl") })
    else {
      throw CheckpointError.unsupported(
        file: file.path, what: "is a TorchScript program, whose code is not run",
        hint: "save the state_dict of the model with torch.save")
    }
    if let packed = archive.packed.first {
      throw CheckpointError.unsupported(
        file: file.path, what: "has the compressed or encrypted entry '\(packed.prefix(80))'",
        hint: "PyTorch stores tensors as they are; save it again with torch.save")
    }
    let pickles = entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard let pickle = pickles.first, pickles.count == 1, let range = entries[pickle] else {
      throw refuse("as a zip archive it has \(pickles.count) entries 'data.pkl', not one")
    }
    let folder = String(pickle.dropLast("data.pkl".utf8.count))
    var unpickler = Unpickler(
      UnsafeRawBufferPointer(rebasing: file.bytes[range]), fileBytes: file.bytes.count,
      name: file.path)
    root = try unpickler.load()
    source = unpickler.source
    pickleBytes = unpickler.position
    heap = unpickler.heap
    isBigEndian =
      entries[folder + "byteorder"].map { file.bytes[$0].elementsEqual("big".utf8) } ?? false
    var places: [String: Range<Int>] = [:]
    for storage in heap.storages {
      guard let place = entries[folder + "data/" + storage.key] else {
        throw refuse("the storage '\(storage.key.prefix(80))' is missing")
      }
      places[storage.key] = place
    }
    self.places = places
  }

  /// Four pickles (a magic number, the version, the system, the object), one of the list of storage
  /// keys, then each storage as its number of elements (8 bytes) and the elements, little-endian.
  init(legacy file: MappedFile) throws {
    self.file = file
    func refuse(_ problem: String) -> CheckpointError {
      .malformed(file: file.path, problem: problem)
    }
    var unpickler = Unpickler(file.bytes, fileBytes: file.bytes.count, name: file.path)
    guard case .bytes(let magic) = try unpickler.load(), magic.count == Self.magic.count,
      file.bytes[Int(magic.start)..<Int(magic.start + magic.count)].elementsEqual(Self.magic)
    else { throw refuse("it is a pickle, but none of torch.save") }
    guard case .integer(1001) = try unpickler.load() else { throw refuse("unknown version") }
    _ = try unpickler.load()
    root = try unpickler.load()
    let list = try unpickler.load()
    guard let keys = unpickler.heap.items(of: list) else {
      throw refuse("it has no list of storages")
    }
    source = unpickler.source
    pickleBytes = unpickler.position
    heap = unpickler.heap
    isBigEndian = false
    var widths: [String: Int] = [:]
    for storage in heap.storages { widths[storage.key] = storage.type?.byteCount ?? 1 }
    var places: [String: Range<Int>] = [:]
    var position = unpickler.position
    for item in keys {
      let key = try unpickler.source.text(of: item)
      guard let width = widths[key] else {
        // A storage of a type that is not read: its width is not known, so neither is the next place.
        throw CheckpointError.unsupported(
          file: file.path, what: "holds the storage '\(key.prefix(80))' of an unknown type",
          hint: "save it without such tensors")
      }
      guard file.bytes.count - position >= 8 else { throw refuse("it is cut off") }
      let count = LittleEndianBytes.uint64(file.bytes, at: position)
      position += 8
      guard count <= UInt64((file.bytes.count - position) / width) else {
        throw refuse("the storage '\(key.prefix(80))' is cut off")
      }
      guard places.updateValue(position..<position + Int(count) * width, forKey: key) == nil else {
        throw refuse("the storage '\(key.prefix(80))' stands twice")
      }
      position += Int(count) * width
    }
    self.places = places
  }

  /// 0x1950A86A20F9469CFC6C
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// What ``collect(_:_:depth:_:_:)`` may spend: a file whose containers hold one another would have
  /// more paths than any memory, an honest one has no more values than bytes.
  var nameBudget: Int { 4096 + pickleBytes }

  /// Finds all tensors below a value, by their names.
  ///
  /// - Parameter budget: falls by 1 for each value, and by the name of what is kept or opened.
  func collect(
    _ value: PickleValue, _ name: String, depth: Int, _ budget: inout Int,
    _ found: inout [String: Int]
  ) throws {
    switch value {
    case .tensor, .dictionary, .list, .tuple: budget -= 1 + name.utf8.count / 4
    default: budget -= 1
    }
    guard budget >= 0, depth <= TorchFile.maxDepth, name.utf8.count <= TorchFile.maxNameBytes else {
      throw CheckpointError.malformed(file: file.path, problem: "its containers hold one another")
    }
    func below(_ part: String) -> String { name.isEmpty ? part : name + "." + part }
    switch value {
    case .tensor(let index):
      guard found.updateValue(index, forKey: name) == nil else {
        throw CheckpointError.malformed(
          file: file.path, problem: "the name '\(name.prefix(120))' stands twice")
      }
    case .dictionary(let container):
      let members = heap.containers[container]
      for index in stride(from: 0, to: members.count, by: 2) {
        switch members[index] {
        case .text(let place):
          guard let key = source.text(at: place) else { continue }
          try collect(members[index + 1], below(key), depth: depth + 1, &budget, &found)
        case .integer(let key):
          try collect(members[index + 1], below(String(key)), depth: depth + 1, &budget, &found)
        default: continue
        }
      }
    case .list(let container), .tuple(let container):
      for (index, item) in heap.containers[container].enumerated() {
        try collect(item, below(String(index)), depth: depth + 1, &budget, &found)
      }
    default: break
    }
  }

  /// The place of a tensor's elements, after checking that its storage has them all.
  func resolve(_ index: Int) throws -> CheckpointTensor {
    let tensor = heap.tensors[index]
    let storage = heap.storages[tensor.storage]
    func refuse(_ problem: String) -> CheckpointError {
      .malformed(
        file: file.path, problem: "a tensor of the storage '\(storage.key.prefix(80))' \(problem)")
    }
    guard let place = places[storage.key] else { throw refuse("has no data") }
    let width = tensor.type.byteCount
    let available = place.count / width
    var (first, last, count) = (tensor.offset, 0, 1)
    if let view = storage.view {
      let (sum, overflow) = first.addingReportingOverflow(view.offset)
      guard !overflow else { throw refuse("lies outside of it") }
      first = sum
    }
    for (extent, stride) in zip(tensor.shape, tensor.strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      let (reach, tooFar) = max(0, extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, tooLarge) = last.addingReportingOverflow(reach)
      guard !overflow, !tooFar, !tooLarge else { throw refuse("has an absurd shape") }
      (count, last) = (product, sum)
    }
    guard count > 0 else {
      let nothing = StoredElements(file: file, bytes: place.lowerBound..<place.lowerBound)
      return CheckpointTensor(type: tensor.type, shape: tensor.shape, elements: nothing)
    }
    guard first < available, last < available - first else {
      throw refuse("lies outside of it (\(available) elements)")
    }
    // Strides of zero let a few bytes stand for any number of elements.
    guard count <= available else { throw refuse("repeats its elements") }
    let start = place.lowerBound + first * width
    return CheckpointTensor(
      type: tensor.type, shape: tensor.shape,
      elements: StoredElements(
        file: file, bytes: start..<start + (last + 1) * width,
        strides: Self.isRowMajor(tensor) ? nil : tensor.strides, isBigEndian: isBigEndian))
  }

  private static func isRowMajor(_ tensor: TorchTensor) -> Bool {
    var expected = 1
    for (extent, stride) in zip(tensor.shape, tensor.strides).reversed() where extent != 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }
}
