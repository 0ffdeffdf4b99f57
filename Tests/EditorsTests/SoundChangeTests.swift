import Checkpoints
import Diffusion
import Editors
import Tensors
import TestSupport
import Testing

/// Changes of latents against the loops of the papers around diffusers' steps
/// (Tests/Fixtures/make_changes.py).
@Suite struct SoundChangeTests {
  let expected: SafetensorsFile
  let model: any TextToAudioModel

  init() throws {
    expected = try Fixtures.tensors("audioldm/changes.safetensors")
    model = try Precision.$current.withValue(.fp32) {
      try TextToAudioPackage(Fixtures.url("audioldm").path).open()
    }
  }

  /// Changes the fixture's latents with the fixture's noises.
  func changed(_ change: SoundChange) throws -> Tensor {
    let noises = try expected.tensor("noises")
    var random = Philox(seed: 0)
    var drawn = 0
    return try model.changed(
      expected.tensor("latents"), by: change,
      noise: {
        defer { drawn += 1 }
        return noises[drawn]
      }, random: &random)
  }

  func change(_ method: ChangeMethod, guidance: Float, strength: Double = 1) -> SoundChange {
    var change = SoundChange(
      method: method, text: "a dog barking",
      settings: SamplingSettings(steps: 6, guidance: guidance))
    (change.source, change.strength) = ("thunder and wind", strength)
    return change
  }

  @Test func sdeditEqualsTheReference() throws {
    try expectClose(
      changed(change(.sdedit, guidance: 2.5, strength: 0.7)), expected.tensor("sdedit"), .family)
  }

  @Test func inpaintingEqualsTheReferenceAndKeepsTheRest() throws {
    var change = change(.inpaint, guidance: 2.5)
    change.open = 3..<6
    let result = try changed(change)
    try expectClose(result, expected.tensor("inpaint"), .family)
    let before = try expected.tensor("latents")
    let row = 4 * before.channels
    for time in [0, 1, 2, 6, 9] {
      let range = time * row..<(time + 1) * row
      #expect(result.floats[range] == before.floats[range])
    }
  }

  @Test func inversionEqualsTheReference() throws {
    try expectClose(
      changed(change(.inversion, guidance: 2.5)), expected.tensor("inversion"), .family)
    // The noise that it finds, by itself.
    let ddim = try model.schedule.ddim(steps: 6)
    let condition = try model.condition("thunder and wind", negative: nil)
    var x = try expected.tensor("latents")
    for index in (0..<6).reversed() {
      let output = try model.denoise(x, at: ddim.times[index], condition)
      x = ddim.inverted(x, output, at: index)
    }
    try expectClose(x, expected.tensor("found"), .family)
  }

  @Test func foundNoiseEqualsTheReference() throws {
    var change = change(.zeta, guidance: 3, strength: 0.7)
    change.sourceGuidance = 2
    try expectClose(changed(change), expected.tensor("zeta"), .family)
  }

  /// With the same text and guidance for both, the found noises give the sound back.
  @Test func foundNoiseReconstructs() throws {
    var change = change(.zeta, guidance: 2, strength: 0.7)
    (change.source, change.sourceGuidance) = (change.text, 2)
    try expectClose(changed(change), expected.tensor("latents"), .family)
  }
}
