/// Carries out pickles without running anything of them.
///
/// A pickle is a program for a stack machine that can name any function of Python and call it. Here
/// a call builds a tensor, a storage or a container if its name stands in a short list
/// (TorchObjects.swift); any other leaves an inert placeholder that carries the name and nothing
/// else. Protocols 0 to 5 are read. Source: Python's `pickletools`.
struct Unpickler {
  /// Values that any pickle may hold; one in a large file may hold one for each 64 bytes more.
  static let freeValues = 1 << 16

  private(set) var heap = PickleHeap()
  let source: PickleSource
  private var reader: LittleEndianBytes
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private let valueLimit: Int

  /// - Parameters:
  ///   - bytes: one or several pickles; what follows them is not looked at.
  ///   - fileBytes: size of the whole file.
  ///   - name: what messages call the file.
  init(_ bytes: UnsafeRawBufferPointer, fileBytes: Int, name: String) {
    valueLimit = Self.freeValues + fileBytes / 64
    let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(UInt32.max)))
    source = PickleSource(bytes: start, name: name)
    reader = LittleEndianBytes(start, name: name)
  }

  /// Bytes read so far.
  var position: Int { reader.position }

  private func refuse(_ problem: String) -> CheckpointError {
    source.refuse("\(problem) (byte \(reader.position))")
  }

  /// Reads the next pickle.
  mutating func load() throws -> PickleValue {
    (stack, marks, memo) = ([], [], [:])
    while true {
      let code = try reader.uint8()
      if code == UInt8(ascii: ".") { return try pop() }
      guard let operation = Operation(rawValue: code) else {
        throw refuse("the operation \(code) is not one of a checkpoint's")
      }
      try step(operation)
      guard stack.count + marks.count + 2 * memo.count + heap.size <= valueLimit else {
        throw refuse("it builds more than \(valueLimit) values")
      }
    }
  }

  // MARK: Operations

  private enum Operation: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case duplicate = 0x32
    case none = 0x4E
    case yes = 0x88
    case no = 0x89
    case integerLine = 0x49
    case longLine = 0x4C
    case numberLine = 0x46
    case integer4 = 0x4A
    case integer1 = 0x4B
    case integer2 = 0x4D
    case long1 = 0x8A
    case long4 = 0x8B
    case number8 = 0x47
    case stringLine = 0x53
    case unicodeLine = 0x56
    case string4 = 0x54
    case string1 = 0x55
    case unicode4 = 0x58
    case unicode1 = 0x8C
    case unicode8 = 0x8D
    case bytes4 = 0x42
    case bytes1 = 0x43
    case bytes8 = 0x8E
    case byteArray = 0x96
    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5D
    case list = 0x6C
    case append = 0x61
    case appends = 0x65
    case emptyDictionary = 0x7D
    case dictionary = 0x64
    case setItem = 0x73
    case setItems = 0x75
    case emptySet = 0x8F
    case addItems = 0x90
    case frozenSet = 0x91
    case putLine = 0x70
    case put1 = 0x71
    case put4 = 0x72
    case memoize = 0x94
    case getLine = 0x67
    case get1 = 0x68
    case get4 = 0x6A
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case instance = 0x69
    case object = 0x6F
    case newObject = 0x81
    case newObjectKeywords = 0x92
    case persistent = 0x51
  }

  private mutating func step(_ operation: Operation) throws {
    switch operation {
    case .proto: try checkProtocol()
    case .frame: try reader.skip(8)
    case .mark: marks.append(stack.count)
    case .pop:
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())
    case .none: stack.append(.none)
    case .yes, .no: stack.append(.bool(operation == .yes))
    case .integerLine, .longLine, .numberLine: stack.append(try numberLine())
    case .integer1: stack.append(.integer(Int(try reader.uint8())))
    case .integer2: stack.append(.integer(Int(try reader.uint16())))
    case .integer4: stack.append(.integer(Int(Int32(bitPattern: try reader.uint32()))))
    case .long1: stack.append(try long(Int(try reader.uint8())))
    case .long4: stack.append(try long(Int(try reader.uint32())))
    case .number8:
      let bits = try reader.uint64()
      stack.append(.number(Double(bitPattern: bits.byteSwapped)))
    case .stringLine, .unicodeLine:
      stack.append(.text(try textLine(quoted: operation == .stringLine)))
    case .string1, .unicode1: stack.append(.text(try place(Int(try reader.uint8()))))
    case .string4, .unicode4: stack.append(.text(try place(Int(try reader.uint32()))))
    case .unicode8: stack.append(.text(try place(try long8())))
    case .bytes1: stack.append(.bytes(try place(Int(try reader.uint8()))))
    case .bytes4: stack.append(.bytes(try place(Int(try reader.uint32()))))
    case .bytes8, .byteArray: stack.append(.bytes(try place(try long8())))
    case .emptyTuple: stack.append(.tuple(heap.makeContainer()))
    case .tuple: stack.append(.tuple(heap.makeContainer(try popToMark())))
    case .tuple1: try makeTuple(1)
    case .tuple2: try makeTuple(2)
    case .tuple3: try makeTuple(3)
    case .emptyList, .emptySet: stack.append(.list(heap.makeContainer()))
    case .list, .frozenSet: stack.append(.list(heap.makeContainer(try popToMark())))
    case .emptyDictionary: stack.append(.dictionary(heap.makeContainer()))
    case .dictionary:
      stack.append(.dictionary(heap.makeContainer()))
      let made = try pop()
      let items = try popToMark()
      stack.append(made)
      try setItems(items[...])
    case .append: try addItems([try pop()])
    case .appends, .addItems: try addItems(try popToMark()[...])
    case .setItem:
      let value = try pop()
      try setItems([try pop(), value])
    case .setItems: try setItems(try popToMark()[...])
    case .putLine: memo[try lineIndex()] = try top()
    case .put1: memo[Int(try reader.uint8())] = try top()
    case .put4: memo[Int(try reader.uint32())] = try top()
    case .memoize: memo[memo.count] = try top()
    case .getLine: stack.append(try recall(try lineIndex()))
    case .get1: stack.append(try recall(Int(try reader.uint8())))
    case .get4: stack.append(try recall(Int(try reader.uint32())))
    case .global: try pushGlobal(try line(), try line())
    case .stackGlobal:
      let second = try source.text(of: pop())
      try pushGlobal(try source.text(of: pop()), second)
    case .reduce, .newObject:
      let arguments = try pop()
      try call(try pop(), arguments)
    case .newObjectKeywords:
      _ = try pop()
      let arguments = try pop()
      try call(try pop(), arguments)
    case .object:
      let items = try popToMark()
      guard let callee = items.first else { throw refuse("an object without a class") }
      try call(callee, .tuple(heap.makeContainer(Array(items.dropFirst()))))
    case .instance:
      let (module, name) = (try line(), try line())
      let arguments = try popToMark()
      try pushGlobal(module, name)
      try call(try pop(), .tuple(heap.makeContainer(arguments)))
    case .build: _ = try pop()  // the state of an object: nothing that is built here has one
    case .persistent: stack.append(try heap.storage(from: pop(), in: source))
    }
  }

  // MARK: Stack

  private mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw refuse("a value is missing")
    }
    return value
  }

  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw refuse("a value is missing")
    }
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw refuse("a mark is missing") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func makeTuple(_ count: Int) throws {
    guard stack.count - (marks.last ?? 0) >= count else { throw refuse("a value is missing") }
    let items = Array(stack.suffix(count))
    stack.removeLast(count)
    stack.append(.tuple(heap.makeContainer(items)))
  }

  private func recall(_ index: Int) throws -> PickleValue {
    guard let value = memo[index] else { throw refuse("it recalls what it never stored") }
    return value
  }

  private mutating func addItems(_ items: ArraySlice<PickleValue>) throws {
    switch try top() {
    case .list(let container): heap.append(items, to: container)
    case .placeholder: break
    default: throw refuse("items are added to what is no list")
    }
  }

  private mutating func setItems(_ items: ArraySlice<PickleValue>) throws {
    guard items.count % 2 == 0 else { throw refuse("a key without a value") }
    switch try top() {
    case .dictionary(let container): heap.append(items, to: container)
    case .placeholder: break
    default: throw refuse("members are set on what is no dictionary")
    }
  }

  private mutating func pushGlobal(_ module: String, _ name: String) throws {
    stack.append(.global(heap.intern(module + "." + name)))
  }

  private mutating func call(_ callee: PickleValue, _ arguments: PickleValue) throws {
    guard case .tuple(let container) = arguments else { throw refuse("a call without arguments") }
    switch callee {
    case .global(let name):
      stack.append(try heap.call(name, heap.containers[container], in: source))
    case .placeholder: stack.append(callee)
    default: throw refuse("a call of what is no function")
    }
  }

  // MARK: Reading

  private mutating func checkProtocol() throws {
    let version = try reader.uint8()
    guard version <= 5 else { throw refuse("pickle protocol \(version)") }
  }

  private mutating func place(_ count: Int) throws -> PickleBytes {
    let start = reader.position
    try reader.skip(count)
    return PickleBytes(start: UInt32(start), count: UInt32(count))
  }

  private mutating func long8() throws -> Int {
    guard let count = Int(exactly: try reader.uint64()) else { throw refuse("it is cut off") }
    return count
  }

  /// A two's complement number of any size; over 64 bits it is kept as bytes.
  private mutating func long(_ count: Int) throws -> PickleValue {
    guard count <= 8 else { return .bytes(try place(count)) }
    let raw = try reader.take(count)
    var value: UInt64 = raw.last.map { $0 & 0x80 != 0 } == true ? .max : 0
    for byte in raw.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  /// The text up to the next line feed.
  private mutating func line() throws -> String {
    let place = try lineBytes()
    guard let text = source.text(at: place) else { throw refuse("a line that is not UTF-8") }
    return text
  }

  private mutating func lineBytes() throws -> PickleBytes {
    let start = reader.position
    var count = 0
    while try reader.uint8() != 0x0A {
      count += 1
      guard count <= 1 << 16 else { throw refuse("a line without end") }
    }
    return PickleBytes(start: UInt32(start), count: UInt32(count))
  }

  private mutating func lineIndex() throws -> Int {
    guard let index = Int(try line()), index >= 0 else { throw refuse("a line that is no index") }
    return index
  }

  private mutating func numberLine() throws -> PickleValue {
    var text = try line()
    if text == "00" || text == "01" { return .bool(text == "01") }
    if text.hasSuffix("L") { text.removeLast() }
    if let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw refuse("a line that is no number") }
    return .number(value)
  }

  /// A text on a line, in quotes for `STRING`. Checkpoints have none with escapes.
  private mutating func textLine(quoted: Bool) throws -> PickleBytes {
    let whole = try lineBytes()
    let range = Int(whole.start)..<Int(whole.start) + Int(whole.count)
    let raw = UnsafeRawBufferPointer(rebasing: source.bytes[range])
    guard !raw.contains(UInt8(ascii: "\\")) else { throw refuse("a text with escapes") }
    guard quoted else { return whole }
    guard raw.count >= 2, let quote = raw.first, quote == raw.last, quote == 0x22 || quote == 0x27
    else { throw refuse("a text without quotes") }
    return PickleBytes(start: whole.start + 1, count: whole.count - 2)
  }
}
