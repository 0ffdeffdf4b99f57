import Checkpoints
import Diffusion
import Editors
import Foundation
import Tensors
import TestSupport
import Testing

/// AUDIT in Amphion's layout against the reference (Tests/Fixtures/make_audit.py).
@Suite struct AUDITTests {
  let expected: SafetensorsFile

  init() throws { expected = try Fixtures.tensors("audit/expected.safetensors") }

  /// Opens the model from files with published names, which are removed afterwards.
  ///
  /// - Parameter unet: which of the fixture's U-Nets.
  func withModel(
    _ unet: String, _ precision: Precision = .fp32, _ body: (AUDIT) throws -> Void
  ) throws {
    let folder = try PublishedFolders.amphion(editing: unet == "editor")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try Precision.$current.withValue(precision) {
      try AUDIT(AUDIT.Files(AmphionFolder(path: folder)))
    }
    try body(model)
  }

  @Test func vaeAndTextEqualTheReference() throws {
    try withModel("unet") { model in
      let latents = try model.encode(expected.tensor("mel"))
      try expectClose(latents, expected.tensor("mean"), .family, "latents")
      try expectClose(
        model.decode(expected.tensor("mean")), expected.tensor("decoded"), .family, "decoded")
      let condition = try model.condition("a dog barking", negative: "")
      let states = condition.contexts[0].states
      let wanted = try expected.tensor("states")  // the negative text first
      try expectClose(states[0], wanted[1], .family, "text")
      try expectClose(states[1], wanted[0], .family, "no text")
    }
  }

  @Test func editingUNetEqualsTheReference() throws {
    try withModel("editor") { model in
      #expect(model.takesSource)
      var condition = try model.condition("a dog barking", negative: nil)
      condition.source = try expected.tensor("source")
      let answer = try model.denoise(expected.tensor("noise"), at: 501, condition)
      try expectClose(answer, expected.tensor("edited"), .family)
    }
  }

  /// Prompt-to-prompt against attention maps that are spelled out
  /// (Tests/Fixtures/make_prompt_to_prompt.py).
  @Test func borrowedAttentionEqualsTheReference() throws {
    let words = try Fixtures.tensors("audit/words.safetensors")
    try withModel("unet") { model in
      var change = SoundChange(
        method: .words, text: "a cat barking in the rain",
        settings: SamplingSettings(steps: 6, guidance: 2.5))
      change.source = "a dog barking"
      change.emphasis = [("rain", 2)]
      var random = Philox(seed: 0)
      func changed(_ change: SoundChange) throws -> Tensor {
        try model.changed(
          words.tensor("latents"), by: change, noise: { .zeros([1]) }, random: &random)
      }
      let result = try changed(change)
      try expectClose(result, words.tensor("changed"), .family)
      // Emphasis alone, with one text.
      (change.text, change.emphasis, change.settings.guidance) = (change.source, [], 1)
      let same = try changed(change).floats
      change.emphasis = [("barking", 5)]
      let stressed = try changed(change).floats
      #expect(same != stressed)
      #expect(model.wordPlaces("piano", in: change.text) == [])
    }
  }

  @Test func wholeEqualsTheReference() throws {
    try withModel("unet") { model in
      var random = Philox(seed: 0)
      var calls: [Int] = []
      let samples = try model.generate(
        "a dog barking", seconds: 14 * 256 / 16000,
        settings: SamplingSettings(steps: 6, guidance: 4), noise: expected.tensor("noise"),
        random: &random
      ) { done, _ in calls.append(done) }
      // PNDM asks once more than it has steps.
      #expect(calls == Array(0...7))
      try expectClose(samples, expected.tensor("waveform").floats, .waveform)
      let again = try model.generate(
        "a dog barking", seconds: 0.1, settings: SamplingSettings(steps: 2, guidance: 1),
        random: &random)
      #expect(again.count == 1600)
    }
  }

  @Test func namesThatAreLeftOverAreRefused() throws {
    // The editing model's U-Net is wider at its input.
    let config = try AUDITConfig(
      PublishedConfig(relaxedJSON: Fixtures.url("audit/exp_config.json").path))
    let path = try FormulaWeights.write("audit/names.json", "vae")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let names = config.unet.latentDiffusionNames(prefix: "model.unet.")
    let scope = try RenamedCheckpoint(SafetensorsFile(path: path), names: names).scope()
    #expect(throws: CheckpointError.self) {
      try UNet2DConditionModel(scope, config: config.unet)
    }
    #expect(throws: CheckpointError.self) { try scope.finish() }
    let twice = NameMap(prefixes: [
      ("model.encoder.conv_in", "a"), ("model.encoder.conv_out", "a"),
    ])
    #expect(throws: CheckpointError.self) {
      try RenamedCheckpoint(SafetensorsFile(path: path), names: twice)
    }
  }
}
