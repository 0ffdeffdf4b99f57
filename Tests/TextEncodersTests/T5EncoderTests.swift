import Checkpoints
import Foundation
import Layers
import Tensors
import TestSupport
import Testing
import TextEncoders

/// T5 encoders against `transformers` on random weights (Tests/Fixtures/make_networks.py).
@Suite struct T5EncoderTests {
  @Test(arguments: ["v1_0", "v1_1"])
  func equalsTransformers(_ version: String) throws {
    let folder = "t5/" + version
    let config = try T5Config(contentsOf: Fixtures.url(folder + "/config.json"))
    let expected = try Fixtures.tensors(folder + "/expected.safetensors")
    let ids = try expected.integers("ids", [2, 61])
    let texts = [Array(ids[..<61]), Array(ids[61..<61 + 23])]
    for (precision, tolerance) in [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)] {
      let encoder = try Precision.$current.withValue(precision) {
        let w = try Fixtures.tensors(folder + "/model.safetensors").scope()
        let encoder = try T5Encoder(w, config: config)
        try w.finish()
        return encoder
      }
      let (states, _) = try encoder(batch: texts)
      try expectClose(states[0], expected.tensor("states"), tolerance, "\(version) \(precision)")
      let padded = states[1][rows: 0..<23]
      try expectClose(padded, expected.tensor("padded"), tolerance, "\(version), padded")
      // Alone or in a batch, a text has the same states.
      try expectClose(encoder(texts[1]), padded, .model, "\(version), alone")
    }
  }

  @Test func wrongInputIsRefused() throws {
    let config = try T5Config(contentsOf: Fixtures.url("t5/v1_1/config.json"))
    let encoder = try T5Encoder(
      Fixtures.tensors("t5/v1_1/model.safetensors").scope(), config: config)
    #expect(throws: LayerError.token(id: 50, count: 50)) { try encoder([3, 50]) }
    #expect(try encoder([]).shape == [1, 24])
  }

  @Test func wrongConfigIsRefused() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("t5-config-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: url) }
    for (text, problem) in [
      ("{\"d_model\": 4}", "missing"), ("{", "JSON"), ("{\"vocab_size\": -1}", "must be"),
    ] {
      try Data(text.utf8).write(to: url)
      let error = #expect(throws: T5Error.self) { try T5Config(contentsOf: url) }
      #expect(error?.description.contains(problem) == true)
    }
  }

  @Test func poolingHeadEqualsPyTorch() throws {
    let file = try Fixtures.tensors("networks/networks.safetensors")
    let head = try Precision.$current.withValue(.fp32) {
      try PoolingHead(
        file.scope() / "head" / "weights", dim: 12, queries: 4, hidden: 256, classes: 5)
    }
    let logits = head(try file.tensor("head.states")[0])
    try expectClose(logits, file.tensor("head.logits").floats, .block, "logits")
  }
}
