import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing
import TextEncoders

/// CLAP's text half against transformers (Tests/Fixtures/make_audioldm.py).
@Suite struct CLAPTextEncoderTests {
  @Test(arguments: [(Precision.fp32, Tolerance.family), (.bf16, .bf16Model)])
  func equalsTransformers(_ precision: Precision, _ tolerance: Tolerance) throws {
    let folder = "audioldm/text_encoder/"
    let config = try CLAPTextConfig(Fixtures.config(folder + "config.json"))
    let encoder = try Fixtures.load(folder + "model.safetensors", precision) {
      try CLAPTextEncoder($0, config: config)
    }
    let expected = try Fixtures.tensors("audioldm/expected.safetensors")
    let shape = expected.header.tensors["text.ids"]?.shape ?? []
    let ids = try expected.integers("text.ids", shape)
    let mask = try expected.integers("text.mask", shape)
    let texts = (0..<shape[0]).map { text in
      (text * shape[1]..<(text + 1) * shape[1]).filter { mask[$0] == 1 }.map { ids[$0] }
    }
    let embeddings = try encoder(texts)
    try expectClose(embeddings, expected.tensor("text.embeddings"), tolerance, "\(precision)")
    // Alone or in a batch, a text has the same embedding.
    try expectClose(encoder([texts[0]]), embeddings[rows: 0..<1], .model, "alone")
    #expect(throws: LayerError.token(id: 300, count: 300)) { try encoder([[0, 300, 2]]) }
  }
}
