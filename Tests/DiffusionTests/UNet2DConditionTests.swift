import Checkpoints
import Diffusion
import Tensors
import TestSupport
import Testing

/// `UNet2DConditionModel` against diffusers (Tests/Fixtures/make_audioldm.py).
@Suite struct UNet2DConditionTests {
  static let folder = "audioldm/unet/"

  @Test(arguments: [(Precision.fp32, Tolerance.family), (.bf16, .bf16Model)])
  func audioLDMEqualsDiffusers(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try UNet2DConditionConfig(Fixtures.config(Self.folder + "config.json"))
    let unet = try Fixtures.load(
      Self.folder + "diffusion_pytorch_model.safetensors", precision
    ) { try UNet2DConditionModel($0, config: config) }
    let expected = try Fixtures.tensors("audioldm/expected.safetensors")
    let text = try expected.tensor("text.embeddings")
    let sample = unet(
      try expected.tensor("unet.latents"), timesteps: [7, 481], classVector: text)
    try expectClose(sample, expected.tensor("unet.sample"), tolerance, "\(precision)")
    let odd = unet(
      try expected.tensor("unet.odd"), timesteps: [481], classVector: text[rows: 1..<2])
    try expectClose(odd, expected.tensor("unet.odd_sample"), tolerance, "\(precision), odd size")
  }

  @Test func unsupportedConfigsAreRefused() throws {
    let types = JSONValue.array([.string("DownBlock2D")])
    for (key, value) in [
      ("act_fn", JSONValue.string("gelu")), ("freq_shift", .integer(1)),
      ("attention_head_dim", .integer(3)), ("block_out_channels", .array([.integer(1 << 40)])),
      ("cross_attention_dim", .array([.array([])])), ("up_block_types", types),
      ("num_class_embeds", .integer(4)), ("class_embed_type", .string("timestep")),
    ] {
      var members: [String: JSONValue] = [
        "block_out_channels": .array([.integer(32)]), "down_block_types": types,
        "up_block_types": .array([.string("UpBlock2D")]),
      ]
      members[key] = value
      let error = #expect(throws: CheckpointError.self) {
        try UNet2DConditionConfig(PublishedConfig(members, place: "config.json"))
      }
      #expect(error?.description.contains(key) == true)
    }
  }
}
