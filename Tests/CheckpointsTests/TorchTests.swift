import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

private func fixture(_ name: String) -> String { Fixtures.url("torch/" + name).path }

/// Files of `torch.save` (Tests/Fixtures/make_torch.py).
@Suite struct TorchTests {
  @Test(arguments: ["zip.pt", "protocol5.pt", "legacy.pt", "zip64.pt", "big-endian.pt"])
  func holdsWhatPyTorchLoads(file: String) throws {
    let got = try openCheckpoint(fixture(file))
    let wanted = try openCheckpoint(fixture("expected.safetensors"))
    #expect(got.keys == wanted.keys)
    for (key, tensor) in wanted.tensors {
      let shape = tensor.shape
      #expect(got.tensors[key]?.type == tensor.type, "\(key)")
      if tensor.type.isFloating {
        let tolerance = key.hasPrefix("generator") ? Tolerance.kernel : .exact
        try expectClose(try got.tensor(key, shape), try wanted.tensor(key, shape), tolerance, key)
      } else {
        #expect(try got.integers(key, shape) == (try wanted.integers(key, shape)), "\(key)")
      }
    }
  }

  @Test func viewsAreNotCopied() throws {
    let file = try openCheckpoint(fixture("zip.pt"))
    let whole = try file.tensor("views.whole", [4, 6])
    let block = try file.tensor("views.column", [4])
    #expect(whole.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) % 64 } == 0)
    #expect(block.floats == whole.floats.enumerated().filter { $0.offset % 6 == 2 }.map(\.element))
  }

  @Test func runsNothingAndListsWhatItDidNotBuild() throws {
    let file = try TorchFile(path: fixture("calls.pt"))
    #expect(file.keys == ["weight"])
    #expect(file.placeholders.contains { $0.hasSuffix(".open") }, "\(file.placeholders)")
    #expect(!FileManager.default.fileExists(atPath: "/tmp/aedit-must-not-exist"))
    let harmless = try TorchFile(path: fixture("zip.pt")).placeholders
    #expect(harmless == ["argparse.Namespace", "torch.device"])
  }

  @Test(arguments: [
    ("object.pt", "save the state_dict"), ("script.pt", "TorchScript"),
  ])
  func refusesWhatHoldsNoTensors(file: String, words: String) throws {
    let error = try #require(throws: CheckpointError.self) { try openCheckpoint(fixture(file)) }
    #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
  }

  @Test(arguments: ["model.safetensors.index.json", "pytorch_model.bin.index.json"])
  func shardsAreOneCheckpoint(index: String) throws {
    let got = try openCheckpoint(fixture(index))
    let wanted = try openCheckpoint(fixture("expected.safetensors"))
    let names = wanted.keys.filter { $0.hasPrefix("generator.") }
    #expect(got.keys == names.map { String($0.dropFirst("generator.".count)) })
    for name in names {
      let shape = wanted.tensors[name]?.shape ?? []
      let key = String(name.dropFirst("generator.".count))
      try expectClose(
        try got.tensor(key, shape), try wanted.tensor(name, shape), .kernel, name)
    }
  }

  @Test(arguments: [
    (#"{"weight_map": {"a": "../x.safetensors"}}"#, "file names of its folder"),
    (#"{"weight_map": {"a": "x.safetensors"}}"#, "does not place there"),
    (#"{"weight_map": {"b": "x.safetensors", "a": "x.safetensors"}}"#, "does not hold 'a'"),
    (#"{"weight_map": {"b": "x.safetensors", "a": "y.safetensors"}}"#, "cannot read"),
    (#"{"weight_map": {"b": "x.index.json"}}"#, "file names of its folder"),
    (#"{"weight_map": {}}"#, "no 'weight_map'"),
    (#"[]"#, "no 'weight_map'"),
  ])
  func refusesWrongIndices(text: String, words: String) throws {
    let folder = try ScratchFolder()
    let header = #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    _ = try folder.write(safetensors(header, dataBytes: 1), as: "x.safetensors")
    let path = try folder.write(text, as: "model.safetensors.index.json")
    let error = try #require(throws: CheckpointError.self) { try openCheckpoint(path) }
    #expect("\(error)".contains(words), "\(error)")
  }
}
