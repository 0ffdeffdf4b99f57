import Checkpoints
import Tensors
import TestSupport
import Testing
import Vocoders

@Suite struct HiFiGANTests {
  /// `SpeechT5HifiGan` against transformers (Tests/Fixtures/make_audioldm.py).
  @Test(arguments: [(Precision.fp32, Tolerance.family), (.bf16, .bf16Model)])
  func speechT5EqualsTransformers(_ precision: Precision, _ tolerance: Tolerance) throws {
    let folder = "audioldm/vocoder/"
    let config = try HiFiGANConfig(speechT5: Fixtures.config(folder + "config.json"))
    let vocoder = try Fixtures.load(folder + "model.safetensors", precision) {
      try HiFiGAN($0, config: config)
    }
    let expected = try Fixtures.tensors("audioldm/expected.safetensors")
    let waveform = vocoder(try expected.tensor("vocoder.mel"))
    try expectClose(waveform, expected.tensor("vocoder.waveform"), tolerance, "\(precision)")
  }

  @Test func unsupportedConfigsAreRefused() throws {
    for (key, value) in [
      ("resblock", JSONValue.string("3")), ("upsample_rates", .array([.integer(0)])),
      ("upsample_kernel_sizes", .array([.integer(8)])), ("upsample_initial_channel", .integer(8)),
      ("resblock_kernel_sizes", .array([.integer(4)])),
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try HiFiGANConfig(original: PublishedConfig([key: value], place: "config.json"))
      }
      #expect(error != nil, "\(key)")
    }
  }
}
