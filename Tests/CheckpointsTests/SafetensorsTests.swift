import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// A folder that goes away with its owner.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "aedit-checkpoints-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func write(_ bytes: [UInt8], as name: String) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func write(_ text: String, as name: String) throws -> String {
    try write(Array(text.utf8), as: name)
  }
}

/// The bytes of a safetensors file with this header text and this many bytes of data.
func safetensors(_ header: String, dataBytes: Int, claimedSize: UInt64? = nil) -> [UInt8] {
  let size = claimedSize ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8)
    + [UInt8](repeating: 0x3F, count: dataBytes)
}

@Suite struct SafetensorsTests {
  @Test func readsEveryTypeAsTheReferenceLibraryDoes() throws {
    let file = try SafetensorsFile(path: Fixtures.url("checkpoints/types.safetensors").path)
    let wanted = try SafetensorsFile(
      path: Fixtures.url("checkpoints/types-as-float32.safetensors").path)
    #expect(file.header.metadata == ["made-by": "make_checkpoints.py"])
    let w = file.scope()
    let block = w / "block" / 0
    let half = try block.tensor("half", [3, 5])
    #expect(half.floats == (try wanted.tensor("half", [3, 5])).floats)
    let brain = try block.tensor("brain", [3, 5])
    #expect(brain.dtype == .bf16)
    #expect(brain.floats == (try wanted.tensor("brain", [3, 5])).floats)
    #expect(try block.tensor("weight", [3, 5]).dtype == .f32)
    let halves = try w.tensor("edge.halves", [10]).floats
    #expect(
      halves.map(\.bitPattern) == (try wanted.tensor("halves", [10])).floats.map(\.bitPattern))
    #expect(try w.tensor("edge.scalar", []).scalar == 3.25)
    #expect(try w.tensor("edge.empty", [0, 4]).count == 0)
    #expect(try (w / "count").integers("i8", [3]) == [-128, 0, 127])
    #expect(try (w / "count").integers("u8", [3]) == [0, 200, 255])
    #expect(try (w / "count").integers("i32", [1, 2]) == [Int(Int32.min), Int(Int32.max)])
    #expect(try (w / "count").integers("i64", [2]) == [-5, 1 << 40])
    try w.finish()
  }

  /// The length of its header may begin with the byte of a pickle, as 128 does.
  @Test func isToldFromAPickle() throws {
    let folder = try ScratchFolder()
    let start = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let header = start + String(repeating: " ", count: 128 - start.utf8.count)
    let path = try folder.write(safetensors(header, dataBytes: 4), as: "a.safetensors")
    #expect(try openCheckpoint(path).keys == ["a"])
  }

  @Test func convertsEveryHalfExactly() {
    for bits in UInt16.min...UInt16.max {
      let got = single(fromHalf: bits)
      let wanted = Float(Float16(bitPattern: bits))
      #expect(got.bitPattern == wanted.bitPattern || got.isNaN && wanted.isNaN)
    }
  }

  @Test func readsTensorsThatAreNotAligned() throws {
    let folder = try ScratchFolder()
    let header =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"#
      + #""c":{"dtype":"BF16","shape":[2],"data_offsets":[9,13]}}"#
    let path = try folder.write(safetensors(header, dataBytes: 13), as: "odd.safetensors")
    let w = try SafetensorsFile(path: path).scope()
    #expect(
      try w.tensor("b", [2]).floats == [Float](repeating: Float(bitPattern: 0x3F3F_3F3F), count: 2))
    #expect(
      try w.tensor("c", [2]).floats == [Float](repeating: Float(bitPattern: 0x3F3F_0000), count: 2))
  }

  @Test func namesMissingMisshapenAndLeftOverTensors() throws {
    let path = Fixtures.url("checkpoints/types.safetensors").path
    let w = try SafetensorsFile(path: path).scope()
    #expect(
      throws: CheckpointError.missing(
        key: "block.0.wight", file: path, expected: [3, 5], hint: "the nearest is 'block.0.weight'")
    ) { try (w / "block.0").tensor("wight", [3, 5]) }
    #expect(
      throws: CheckpointError.shape(
        key: "block.0.weight", file: path, expected: [5, 3], got: [3, 5], hint: "transposed")
    ) { try (w / "block.0").tensor("weight", [5, 3], hint: "transposed") }
    #expect(
      throws: CheckpointError.type(
        key: "count.i8", file: path, expected: "F64, F32, F16 or BF16", got: "I8")
    ) { try w.tensor("count.i8", [3]) }
    _ = try (w / "block.0").tensor("weight", [3, 5])
    #expect(
      throws: CheckpointError.unused(keys: ["block.0.brain", "block.0.half"], file: path)
    ) { try (w / "block").finish() }
    w.ignore("half")
    w.ignore("block.0.brain")
    try (w / "block").finish()
    #expect(!(w / "block").has("weight") && (w / "block" / 0).has("weight"))
  }

  /// Each is refused with one line that holds the given words.
  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, 8, "needs 4"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "ends at byte 8"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "hole"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "no count"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "no count"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "absurd"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "no count"
    ),
    (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, 4, "type F4"),
    (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "no dtype"),
    (#"{"a":7}"#, 0, "no dtype"),
    (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "overlaps"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "stands twice"
    ),
    (#"{"a":[[[[[[[[[[[[[[[["#, 0, "nested"),
    (#"{"a":{"dtype":"F32""#, 0, "expected"),
    ("[]", 0, "begin with '{'"),
    ("", 0, "begin with '{'"),
    (#"{} x"#, 0, "after the value"),
    (#"{"\ud800":1}"#, 0, "surrogate"),
  ])
  func refusesDamagedHeaders(header: String, dataBytes: Int, words: String) throws {
    try refuses(safetensors(header, dataBytes: dataBytes), words)
  }

  @Test func refusesDamagedFiles() throws {
    try refuses([], "0 bytes are too few")
    try refuses([1, 2, 3], "3 bytes are too few")
    try refuses(safetensors("{}", dataBytes: 0, claimedSize: 3), "only 2 bytes follow")
    try refuses(safetensors("{}", dataBytes: 0, claimedSize: .max), "over the limit")
    try refuses(safetensors("{}", dataBytes: 0, claimedSize: 1 << 63), "over the limit")
    try refuses(
      Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60), "only 56 bytes follow")
    try refuses(
      [9, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a".utf8) + [0xFF, 0x22, 0x3A, 0x31, 0x7D, 0x20],
      "not UTF-8")
    let whole = try Array(Data(contentsOf: Fixtures.url("checkpoints/types.safetensors")))
    for count in [0, 7, 8, 9, 100, whole.count / 2, whole.count - 1] {
      try refuses(Array(whole[..<count]), "damaged")
    }
    #expect(throws: CheckpointError.self) { try SafetensorsFile(path: "/nowhere/x.safetensors") }
    #expect(throws: CheckpointError.self) { try SafetensorsFile(path: NSTemporaryDirectory()) }
  }

  /// Any single changed byte of the header is refused or read without a crash.
  @Test func survivesEveryChangedByte() throws {
    let whole = try Array(Data(contentsOf: Fixtures.url("checkpoints/types.safetensors")))
    let headerEnd = 8 + Int(whole[0]) + Int(whole[1]) << 8
    for index in 0..<headerEnd {
      for value: UInt8 in [0, 0x22, 0x2D, 0x39, 0x7B, 0xFF] {
        var bytes = whole
        bytes[index] = value
        bytes.withUnsafeBytes { _ = try? SafetensorsHeader(file: $0, name: "x") }
      }
    }
  }

  private func refuses(_ bytes: [UInt8], _ words: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(bytes, as: "bad.safetensors")
    let error = try #require(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
    let line = "\(error)"
    #expect(line.contains(words) && line.contains(path) && !line.contains("\n"), "\(line)")
  }
}
