import Checkpoints
import Tensors
import TestSupport
import Testing
import Vocoders

/// Vocoders by their authors' names against their code (Tests/Fixtures/make_vocoders.py).
@Suite struct PublishedVocoderTests {
  let expected: SafetensorsFile

  init() throws { expected = try Fixtures.tensors("vocoders/expected.safetensors") }

  func check(
    _ name: String, _ file: String, mel: String = "mel", half: Tolerance = .bf16Model,
    _ make: (WeightScope) throws -> (Tensor) -> Tensor
  ) throws {
    for (precision, tolerance) in [(Precision.fp32, Tolerance.family), (.bf16, half)] {
      let vocoder = try Fixtures.load("vocoders/\(name)/\(file)", precision, make)
      let waveform = vocoder(try expected.tensor(mel))
      try expectClose(
        waveform, expected.tensor(name + ".waveform"), tolerance, "\(name) \(precision)")
    }
  }

  @Test(arguments: ["hifigan_v1", "hifigan_v3"])
  func hifiGANEqualsItsAuthors(_ name: String) throws {
    let config = try HiFiGANConfig(original: Fixtures.config("vocoders/\(name)/config.json"))
    try check(name, "generator.safetensors", mel: "wide_mel") {
      let vocoder = try HiFiGAN($0, config: config)
      return { vocoder($0) }
    }
  }

  @Test(arguments: ["bigvgan_v1", "bigvgan_v2", "bigvgan_singles"])
  func bigVGANEqualsItsAuthors(_ name: String) throws {
    let config = try BigVGANConfig(Fixtures.config("vocoders/\(name)/config.json"))
    try check(name, "generator.safetensors") {
      let vocoder = try BigVGAN($0, config: config)
      return { vocoder($0) }
    }
  }

  @Test(arguments: ["vocos_center", "vocos_same"])
  func vocosEqualsItsAuthors(_ name: String) throws {
    let path = Fixtures.url("vocoders/\(name)/config.yaml").path
    let config = try VocosConfig(PublishedConfig(yaml: path))
    try check(name, "model.safetensors") {
      let vocoder = try Vocos($0, config: config)
      return { vocoder($0) }
    }
  }
}
