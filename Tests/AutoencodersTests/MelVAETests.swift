import Autoencoders
import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite struct MelVAETests {
  static let config = MelVAEConfig(
    bands: 12, framesPerLatent: 4, dim: 24, hidden: 40, blocks: 2, latent: 6, melMean: -5,
    melStd: 2.5, latentMean: 0.3, latentStd: 1.7)

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func equalsPyTorch(_ precision: Precision, _ tolerance: Tolerance) throws {
    let file = try Fixtures.tensors("networks/networks.safetensors")
    let vae = try Precision.$current.withValue(precision) {
      let w = file.scope() / "vae" / "weights"
      let vae = try MelVAE(w, config: Self.config)
      try w.finish()
      return vae
    }
    let mel = try file.tensor("vae.mel")
    let mean = try file.tensor("vae.mean")
    let made = vae.distribution(mel)
    try expectClose(made.mean, mean, tolerance, "mean")
    try expectClose(
      made.logVariance, file.tensor("vae.log_variance"), tolerance, "log-variance")
    let normalised = mean.scaled(by: 1 / 1.7, plus: -0.3 / 1.7)
    try expectClose(vae.encode(mel), normalised, tolerance, "latents")
    try expectClose(vae.decode(normalised), file.tensor("vae.decoded"), tolerance, "decoded")
  }

  @Test func windowsWithContextJoinWithoutSeam() throws {
    let file = try Fixtures.tensors("networks/networks.safetensors")
    let vae = try Precision.$current.withValue(.fp32) {
      try MelVAE(file.scope() / "vae" / "weights", config: Self.config)
    }
    var random = Philox(seed: 3)
    let latents = random.normals([1, 40, 6])
    let whole = vae.decode(latents)[0]
    let part = vae.decode(
      latents[0][rows: 10 - vae.context..<20 + vae.context].reshaped([1, 22, 6]))
    try expectClose(
      part[0][rows: vae.context * 4..<(vae.context + 10) * 4], whole[rows: 40..<80], .kernel)
  }
}
