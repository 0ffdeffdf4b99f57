import Checkpoints
import Foundation
import TestSupport
import Testing

/// LoRAs for a package with one weight `gate.weight [4, 3]`.
@Suite struct LoRATests {
  let folder: ScratchFolder
  let package: ModelPackage
  let hash: String
  private let path: String

  init() throws {
    folder = try ScratchFolder()
    path = folder.path + "/mine.safetensors"
    let header =
      #"{"gate.weight":{"dtype":"F32","shape":[4,3],"data_offsets":[0,48]},"#
      + #""gate.bias":{"dtype":"F32","shape":[4],"data_offsets":[48,64]}}"#
    let base = try folder.write(safetensors(header, dataBytes: 64), as: "mask.safetensors")
    hash = try sha256(ofFile: base)
    _ = try folder.write(
      #"{"format": 1, "kind": "music", "version": "7", "licence": "CC0-1.0", "#
        + #""components": {"mask": "mask.safetensors"}, "config": {}, "#
        + #""sha256": {"mask.safetensors": "\#(hash)"}}"#, as: "model.json")
    package = try ModelPackage(folder: folder.path)
  }

  private func file(
    down: [Int] = [2, 3], up: [Int] = [4, 2], layer: String = "gate", value: Float = 0.5
  ) -> LoRAFile {
    LoRAFile(
      base: hash, rank: 2,
      factors: [
        ("\(layer).lora_A.weight", down, value), ("\(layer).lora_B.weight", up, 0.25),
      ])
  }

  private func adapted(_ file: LoRAFile) throws -> ModelPackage {
    try file.write(to: path)
    return try package.adapted(by: LoRA(path: path))
  }

  @Test func isAddedAtLoad() throws {
    let plain = try package.weights(of: "mask")
    let weight = try plain.tensor("gate.weight", [4, 3]).floats
    let once = try adapted(file())
    let w = try once.weights(of: "mask")
    // alpha / rank · rank · 0.5 · 0.25
    #expect(try w.tensor("gate.weight", [4, 3]).floats == weight.map { $0 + 0.25 })
    #expect(try w.tensor("gate.bias", [4]).floats == plain.tensor("gate.bias", [4]).floats)
    try w.finish()
    let twice = try once.adapted(by: LoRA(path: path)).weights(of: "mask")
    #expect(try twice.tensor("gate.weight", [4, 3]).floats == weight.map { $0 + 0.25 + 0.25 })
    let none = try adapted(file(value: 0)).weights(of: "mask")
    #expect(try none.tensor("gate.weight", [4, 3]).floats == weight)
    #expect(try LoRA(path: path).hash == sha256(ofFile: path))
  }

  /// Each in one line that says what is wrong.
  @Test func refusesWhatDoesNotFit() throws {
    try refuses("'gate.lora_A.weight'", "[2, 3]") { $0 = file(down: [2, 4]) }
    try refuses("'gate.lora_B.weight'", "[4, 2]") { $0 = file(up: [3, 2]) }
    try refuses("'gate.lora_A.weight'", "[2, 3]") { $0 = file(down: [1_000_000, 3]) }
    try refuses("does not use: 'door.lora_A.weight', 'door.lora_B.weight'") {
      $0 = file(layer: "door")
    }
    try refuses("no tensor 'gate.lora_B.weight'") { $0.factors.removeLast() }
    try refuses("no tensor 'gate.lora_A.weight'") { $0.factors.removeFirst() }
    try refuses("does not use: 'gate.weight'") { $0.factors.append(("gate.weight", [4, 3], 0)) }
    try refuses("numbers that are none") { $0 = file(value: .nan) }
    try refuses("another mask.safetensors", "version 7") {
      $0.metadata["base_sha256"] = String(repeating: "0", count: 64)
    }
    try refuses("no component 'ears'") { $0.metadata["component"] = "ears" }
    for rank in ["0", "-1", "1025", "two", "99999999999999999999"] {
      try refuses("rank is '\(rank)'") { $0.metadata["rank"] = rank }
    }
    for alpha in ["inf", "nan", "much"] {
      try refuses("alpha is '\(alpha)'") { $0.metadata["alpha"] = alpha }
    }
    for key in ["kind", "component", "base_sha256", "rank", "alpha", "licence"] {
      try refuses("no '\(key)'") { $0.metadata[key] = nil }
    }
  }

  /// A file of holes takes no room on the disk, and would take minutes to read.
  @Test func refusesHugeFiles() throws {
    let path = folder.path + "/huge.safetensors"
    var file = file()
    file.factors = []
    try file.write(to: path)
    let text = try #require(
      String(data: Data(contentsOf: URL(fileURLWithPath: path)).dropFirst(8), encoding: .utf8))
    let count = 1 << 30
    let tensor = #","a":{"dtype":"F32","shape":[\#(count)],"data_offsets":[0,\#(4 * count)]}}"#
    let header = text.dropLast() + tensor
    _ = try folder.write(safetensors(String(header), dataBytes: 0), as: "huge.safetensors")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(8 + header.utf8.count + 4 * count))
    let error = try #require(throws: CheckpointError.self) { try LoRA(path: path) }
    #expect("\(error)".contains("over the limit"), "\(error)")
  }

  private func refuses(_ words: String..., change: (inout LoRAFile) -> Void) throws {
    var file = file()
    change(&file)
    let error = try #require(throws: CheckpointError.self) { try adapted(file) }
    let text = "\(error)"
    #expect(text.contains(path) && !text.contains("\n"), "\(text)")
    for word in words { #expect(text.contains(word), "\(text)") }
  }
}
