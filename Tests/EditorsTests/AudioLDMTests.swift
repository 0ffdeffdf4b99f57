import Checkpoints
import Diffusion
import Editors
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// Whole pipelines from diffusers folders against diffusers: same folder, same noise, same steps.
@Suite struct AudioLDMTests {
  /// The root of the mean squared difference over that of the reference.
  func relativeError(_ got: [Float], _ wanted: [Float]) throws -> Double {
    try #require(got.count == wanted.count)
    let error = zip(got, wanted).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    return (error / wanted.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  func generate(
    _ folder: String, _ model: some TextToAudioModel, seconds: Double, guidance: Float
  ) throws -> Double {
    let expected = try Fixtures.tensors(folder + "/expected.safetensors")
    var random = Philox(seed: 0)
    let samples = try model.generate(
      "a dog barking", seconds: seconds,
      settings: SamplingSettings(steps: 4, guidance: guidance),
      noise: expected.tensor("pipeline.noise"), random: &random)
    return try relativeError(samples, expected.tensor("pipeline.waveform").floats)
  }

  func folder(_ name: String) throws -> DiffusersFolder {
    try DiffusersFolder(path: Fixtures.url(name).path)
  }

  @Test func audioLDMEqualsDiffusers() throws {
    let model = try Precision.$current.withValue(.fp32) {
      try AudioLDM(folder("audioldm"))
    }
    let error = try generate("audioldm", model, seconds: 317.5 / 16000, guidance: 2.5)
    #expect(error < 1e-4, "relative RMS error \(error)")
    let mel = try model.encode(
      Fixtures.tensors("audioldm/expected.safetensors")
        .tensor("vae.mel")[0].reshaped([24, 16]))
    #expect(mel.shape == [1, 6, 4, 4])
  }

  @Test func musicLDMEqualsDiffusers() throws {
    let path = try FormulaWeights.complete("musicldm")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try Precision.$current.withValue(.fp32) {
      try AudioLDM(DiffusersFolder(path: path))
    }
    let error = try generate("musicldm", model, seconds: 189.5 / 16000, guidance: 2)
    #expect(error < 1e-4, "relative RMS error \(error)")
  }

  @Test func audioLDM2EqualsDiffusers() throws {
    let path = try FormulaWeights.complete("audioldm2")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(
      atPath: path + "/tokenizer_2", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Fixtures.url("tokenizers/t5.tokenizer.json").path,
      toPath: path + "/tokenizer_2/tokenizer.json")
    let model = try Precision.$current.withValue(.fp32) {
      try AudioLDM2(DiffusersFolder(path: path))
    }
    let expected = try Fixtures.tensors("audioldm2/expected.safetensors")
    // The reference has the negative text first.
    let condition = try model.condition("a dog barking", negative: "")
    let generated = try expected.tensor("generated")
    let states = try expected.tensor("states")
    for (ours, theirs) in [(0, 1), (1, 0)] {
      try expectClose(condition.contexts[0].states[ours], generated[theirs], .family, "GPT-2")
      try expectClose(
        condition.contexts[1].states[ours][rows: 0..<1], states[theirs][rows: 0..<1], .family, "T5")
    }
    let length = states.shape[1]
    let mask = try expected.integers("mask", [2, length])
    let present = (0..<2).map { item in (0..<length).map { mask[item * length + $0] == 1 } }
    let sample = model.parts.unet(
      try expected.tensor("unet.latents"), timesteps: [7, 481],
      contexts: [UNetContext(generated), UNetContext(states, mask: KeyMask(present))])
    try expectClose(sample, expected.tensor("unet.sample"), .family, "U-Net")
    let error = try generate("audioldm2", model, seconds: 189.5 / 16000, guidance: 3.5)
    #expect(error < 1e-4, "relative RMS error \(error)")
  }

  @Test func unknownPipelinesAreRefused() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("pipeline-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path + "/vae", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(#"{"_class_name": "StableDiffusionPipeline", "vae": ["a", "B"]}"#.utf8)
      .write(to: URL(fileURLWithPath: path + "/model_index.json"))
    let error = #expect(throws: CheckpointError.self) { try TextToAudioPackage(path).open() }
    #expect(error?.description.contains("StableDiffusionPipeline") == true)
    #expect(throws: CheckpointError.self) { try TextToAudioPackage("no-such-model") }
  }
}
