import Autoencoders
import Checkpoints
import Diffusion
import Signal
import Tensors
import Vocoders

/// The parts that AudioLDM, MusicLDM and AudioLDM 2 share: VAE, U-Net, vocoder and schedule of a
/// diffusers folder.
public struct MelLatentDiffusion: Sendable {
  package let vae: AutoencoderKL
  package let unet: UNet2DConditionModel
  package let vocoder: HiFiGAN
  package let schedule: SchedulerConfig
  package let mel: MelLayout

  /// - Throws: `CheckpointError`, `SchedulerError`; also when the parts do not fit each other.
  init(_ folder: DiffusersFolder) throws {
    vae = try folder.load("vae") { try AutoencoderKL($0, config: AutoencoderKLConfig($1)) }
    unet = try folder.load("unet") {
      try UNet2DConditionModel($0, config: UNet2DConditionConfig($1))
    }
    vocoder = try folder.load("vocoder") {
      try HiFiGAN($0, config: HiFiGANConfig(speechT5: $1))
    }
    schedule = try SchedulerConfig(json: folder.scheduler())
    let (bands, latent) = (vocoder.config.bands, vae.config.latent)
    guard vae.config.inputs == 1, vae.config.outputs == 1, bands % vae.config.reduction == 0,
      unet.config.inputs == latent, unet.config.outputs == latent
    else {
      throw CheckpointError.package(
        folder: folder.path, problem: "its VAE, U-Net and vocoder do not fit each other",
        hint: "fetch it again with all its files")
    }
    // The folder does not say how the mel was made; the family has one way.
    mel = MelLayout(
      sampleRateHz: vocoder.config.sampleRateHz,
      stft: STFTLayout(fftSize: 1024, hopSamples: vocoder.config.hop), bands: bands,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
    try mel.validate()
  }

  var latentShape: (width: Int, channels: Int) {
    (vocoder.config.bands / vae.config.reduction, vae.config.latent)
  }

  func denoise(_ latents: Tensor, at time: Float, _ condition: TextCondition) -> Tensor {
    let batch = latents.repeated(toItems: condition.count)
    return unet(
      batch, timesteps: [Float](repeating: time, count: condition.count),
      contexts: condition.contexts, classVector: condition.vector)
  }

  func encode(_ mel: Tensor) -> Tensor {
    vae.distribution(mel.reshaped([1] + mel.shape + [1])).mean.scaled(by: vae.config.scale)
  }

  func decode(_ latents: Tensor) -> Tensor {
    let mel = vae.decode(latents.scaled(by: 1 / vae.config.scale))
    return mel.reshaped([mel.shape[1], mel.shape[2]])
  }

  func speak(_ mel: Tensor) -> [Float] { vocoder(mel.reshaped([1] + mel.shape)).floats }
}

/// A model of these parts: it adds how a text becomes a condition.
public protocol MelLatentDiffusionModel: TextToAudioModel {
  var parts: MelLatentDiffusion { get }
}

extension MelLatentDiffusionModel {
  public var mel: MelLayout { parts.mel }
  public var framesPerLatent: Int { parts.vae.config.reduction }
  public var latentShape: (width: Int, channels: Int) { parts.latentShape }
  public var trainedLatents: Int { parts.unet.config.sampleSize ?? 256 }
  public var schedule: SchedulerConfig { parts.schedule }

  public func denoise(
    _ latents: Tensor, at time: Float, _ condition: TextCondition
  ) throws -> Tensor {
    parts.denoise(latents, at: time, condition)
  }

  public func encode(_ mel: Tensor) throws -> Tensor { parts.encode(mel) }
  public func decode(_ latents: Tensor) throws -> Tensor { parts.decode(latents) }
  public func speak(_ mel: Tensor) throws -> [Float] { parts.speak(mel) }
}
