import Autoencoders
import Checkpoints
import Tensors
import TestSupport
import Testing

/// `AutoencoderKL` against diffusers (Tests/Fixtures/make_audioldm.py).
@Suite struct AutoencoderKLTests {
  static let folder = "audioldm/vae/"

  static func load(_ precision: Precision = .fp32) throws -> AutoencoderKL {
    let config = try AutoencoderKLConfig(Fixtures.config(folder + "config.json"))
    return try Fixtures.load(folder + "diffusion_pytorch_model.safetensors", precision) {
      try AutoencoderKL($0, config: config)
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.family), (.bf16, .bf16Model)])
  func equalsDiffusers(_ precision: Precision, _ tolerance: Tolerance) throws {
    let vae = try Self.load(precision)
    let expected = try Fixtures.tensors("audioldm/expected.safetensors")
    let (mean, logVariance) = vae.distribution(try expected.tensor("vae.mel"))
    try expectClose(mean, expected.tensor("vae.mean"), tolerance, "mean")
    try expectClose(logVariance, expected.tensor("vae.log_variance"), tolerance, "variance")
    let decoded = vae.decode(try expected.tensor("vae.mean"))
    try expectClose(decoded, expected.tensor("vae.decoded"), tolerance, "decoded")
  }

  @Test func unsupportedConfigsAreRefused() throws {
    for (key, value) in [
      ("act_fn", JSONValue.string("gelu")), ("norm_num_groups", .integer(3)),
      ("block_out_channels", .array([.integer(0)])), ("scaling_factor", .integer(0)),
      ("latents_mean", .array([.integer(1)])),
      ("down_block_types", .array([.string("AttnDownEncoderBlock2D")])),
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try AutoencoderKLConfig(PublishedConfig([key: value], place: "config.json"))
      }
      #expect(error?.description.contains(key) == true)
    }
  }
}
