import Autoencoders
import Signal
import Tensors
import Vocoders

/// Mel autoencoder, ``StemEditor`` and vocoder as a ``StemGenerator``.
public struct LatentGenerator: StemGenerator {
  private let vae: MelVAE
  private let editor: StemEditor
  private let vocoder: Vocoder
  public let defaults: SamplingSettings
  public let mel: MelLayout
  public var framesPerLatent: Int { vae.config.framesPerLatent }
  public var latentSize: Int { vae.config.latent }
  public var contextLatents: Int { vae.context }
  /// The length of training items: 5.9 s at 44.1 kHz.
  public let chunkLatents = 128

  init(vae: MelVAE, editor: StemEditor, vocoder: Vocoder, defaults: SamplingSettings) {
    self.vae = vae
    self.editor = editor
    self.vocoder = vocoder
    self.defaults = defaults
    let config = vocoder.config
    mel = MelLayout(
      sampleRateHz: config.rate,
      stft: STFTLayout(fftSize: config.fftSize, hopSamples: config.hop), bands: config.bands,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
  }

  public func encode(_ mel: Tensor) -> Tensor {
    vae.encode(mel.reshaped([1] + mel.shape))[0]
  }

  public func decode(_ latents: Tensor) -> Tensor {
    vae.decode(latents.reshaped([1] + latents.shape))[0]
  }

  public func voice(sampleCount: Int, seed: UInt64) throws -> any StemVoice {
    try VocoderVoice(vocoder, sampleCount: sampleCount, seed: seed)
  }

  public func generate(
    mixture: Tensor, known: Tensor, noise: Tensor, text: TextStates, negative: TextStates,
    settings: SamplingSettings
  ) -> Tensor {
    let (count, size) = (mixture.shape[0], mixture.shape[1])
    var given = Tensor.zeros([1, count, size])
    var mask = Tensor.zeros([1, count, 1])
    given.withUnsafeMutableFloats { out in
      known.withUnsafeFloats { for i in 0..<$0.count { out[i] = $0[i] } }
    }
    mask.withUnsafeMutableFloats { for i in 0..<known.shape[0] { $0[i] = 1 } }
    let texts = TextBatch(settings.guidance == 1 ? [text] : [text, negative])
    return editor.sample(
      noise: noise.reshaped([1, count, size]), mixture: mixture.reshaped([1, count, size]),
      known: given, knownMask: mask, prompt: editor.prompt(texts.states, mask: texts.mask),
      steps: settings.steps, guidance: settings.guidance)[0]
  }
}
