import Checkpoints
import Foundation
import Tensors

/// Weights that need no file: element i of a tensor is a hash of i and of the tensor's name, as
/// `formula` in Tests/Fixtures/families.py makes them.
public enum FormulaWeights {
  /// Copies the folder `name` below `Tests/Fixtures`, a diffusers folder without weights, and adds
  /// them by its `names.json`.
  ///
  /// - Returns: the copy, in the temporary folder; the caller removes it.
  public static func complete(_ name: String) throws -> String {
    let files = FileManager.default
    let copy = files.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)").path
    try files.copyItem(atPath: Fixtures.url(name).path, toPath: copy)
    let parts = try JSONDecoder().decode(
      [String: [String: [Int]]].self, from: Data(contentsOf: Fixtures.url(name + "/names.json")))
    for part in parts.keys {
      let made = try write(name + "/names.json", part)
      try files.moveItem(atPath: made, toPath: "\(copy)/\(part)/model.safetensors")
    }
    return copy
  }

  /// Writes the tensors of part `part` of the JSON file `path` (names and shapes) below
  /// `Tests/Fixtures` as a safetensors file.
  ///
  /// - Returns: the file's path, in the temporary folder; the caller removes it.
  public static func write(_ path: String, _ part: String) throws -> String {
    let parts = try JSONDecoder().decode(
      [String: [String: [Int]]].self, from: Data(contentsOf: Fixtures.url(path)))
    guard let shapes = parts[part] else { throw Mismatch(description: "no part '\(part)'") }
    var (header, data) = ([String: JSONValue](), Data())
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let start = data.count
      values(name, shape).withUnsafeBytes { data.append(contentsOf: $0) }
      header[name] = .object([
        "dtype": .string("F32"), "shape": .array(shape.map { .integer($0) }),
        "data_offsets": .array([.integer(start), .integer(data.count)]),
      ])
    }
    var text = Data(JSONValue.object(header).text.utf8)
    text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(part)-\(UUID().uuidString).safetensors")
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    try (length + text + data).write(to: file)
    return file.path
  }

  static func values(_ name: String, _ shape: [Int]) -> [Float] {
    let seed = crc32(name)
    let count = shape.reduce(1, *)
    let width = shape.dropFirst().reduce(1, *)
    let offset = name.hasSuffix("weight") ? 1.0 : 0.0
    return (0..<count).map { index in
      var h = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed
      for _ in 0..<2 { h = (h ^ (h >> 16)) &* 0x45D9_F3B }
      h ^= h >> 16
      let uniform = Double(h) / 4_294_967_296 - 0.5
      return Float(
        shape.count == 1 ? 0.2 * uniform + offset : uniform * 2.4 / Double(width).squareRoot())
    }
  }

  /// The checksum of zlib.
  private static func crc32(_ text: String) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in text.utf8 {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
