import CKernels
import Checkpoints
import Layers
import Signal
import Tensors

/// Sizes of ``Vocos``, by the names of gemelo-ai/vocos' `config.yaml`.
public struct VocosConfig: Sendable, Equatable {
  public let sampleRateHz: Int
  public let bands: Int
  public let dim: Int
  public let hidden: Int
  public let layers: Int
  public let stft: STFTLayout

  /// Reads the configuration of a model that speaks mel spectrograms; those of EnCodec's tokens
  /// are refused.
  ///
  /// - Throws: `CheckpointError` naming the field that is wrong or not supported, `SignalError` for
  ///   sizes of the STFT that do not fit together.
  public init(_ root: PublishedConfig) throws {
    func part(_ name: String, _ kind: String) throws -> PublishedConfig {
      let part = try root.section(name)
      try part.check(try part.text("class_path") == kind, "class_path", "must be \(kind)")
      return try part.section("init_args")
    }
    let features = try part("feature_extractor", "vocos.feature_extractors.MelSpectrogramFeatures")
    let backbone = try part("backbone", "vocos.models.VocosBackbone")
    let head = try part("head", "vocos.heads.ISTFTHead")
    sampleRateHz = try features.size("sample_rate", default: 24000, in: 1000...768_000)
    bands = try features.size("n_mels", default: 100, in: 1...4096)
    try backbone.check(
      try backbone.size("input_channels") == bands, "input_channels", "is not n_mels (\(bands))")
    try backbone.check(
      backbone.value("adanorm_num_embeddings") == nil, "adanorm_num_embeddings",
      "is not supported")
    dim = try backbone.size("dim", in: 1...65536)
    hidden = try backbone.size("intermediate_dim", in: 1...262_144)
    layers = try backbone.size("num_layers", in: 1...256)
    try head.check(try head.size("dim") == dim, "dim", "is not the backbone's (\(dim))")
    let padding = try head.text("padding", default: "same")
    try head.check(
      padding == "same" || padding == "center", "padding", "must be \"same\" or \"center\"")
    stft = STFTLayout(
      fftSize: try head.size("n_fft"), hopSamples: try head.size("hop_length"),
      padding: padding == "same" ? .halfOverlap : .centred)
    try stft.validate()
  }
}

/// Vocos (2306.00814) on mel spectrograms: a ConvNeXt trunk gives magnitude and phase of an STFT.
///
/// Source: gemelo-ai/vocos `models.py`, `heads.py`, `spectral_ops.py`.
public struct Vocos: Sendable {
  public let config: VocosConfig
  private let embed: Conv1d
  private let norm: LayerNorm
  private let blocks: [ConvNeXtBlock]
  private let finalNorm: LayerNorm
  private let out: Linear
  private let stft: STFT

  /// Takes `backbone` and `head` by their published names; the windows and mel filters that a
  /// published file holds beside them are passed over.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config: VocosConfig) throws {
    self.config = config
    let backbone = w / "backbone"
    embed = try Conv1d(
      backbone / "embed", in: config.bands, out: config.dim, kernel: 7, padding: 3)
    norm = try LayerNorm(backbone / "norm", dim: config.dim, epsilon: 1e-6)
    blocks = try (0..<config.layers).map {
      try ConvNeXtBlock(backbone / "convnext" / $0, dim: config.dim, hidden: config.hidden)
    }
    finalNorm = try LayerNorm(backbone / "final_layer_norm", dim: config.dim, epsilon: 1e-6)
    out = try Linear(w / "head.out", in: config.dim, out: config.stft.fftSize + 2)
    stft = try STFT(config.stft)
    (w / "feature_extractor").ignoreAll()
    (w / "head.istft").ignore("window")
  }

  /// Log-mel `[B, T, bands]` -> samples `[B, N]`: `T * hop` with padding "same", one hop less with
  /// "center".
  public func callAsFunction(_ mel: Tensor) -> Tensor {
    precondition(mel.rank == 3 && mel.channels == config.bands, "log-mel \(mel.shape)")
    var x = norm(embed(mel))
    for block in blocks { block(&x) }
    let y = out(finalNorm(x, output: out.inputType))  // [B, T, log-magnitudes and phases]
    let frames = mel.shape[1]
    let samples = (config.stft.padding == .centred ? frames - 1 : frames) * config.stft.hopSamples
    return Tensor.stack(
      (0..<mel.shape[0]).map { item in
        var stream = ISTFTStream(stft, sampleCount: samples)
        let first = stream.push(spectra(y[item]))
        return Tensor(vector: first + stream.finish())
      })
  }

  /// `[T, 2 bins]` -> the spectra; magnitudes are at most 100, as in the reference.
  private func spectra(_ y: Tensor) -> ComplexFrames {
    let bins = config.stft.binCount
    var values = [Float](repeating: 0, count: y.count)
    var (real, imaginary) = ([Float](repeating: 0, count: bins), [Float](repeating: 0, count: bins))
    y.withUnsafeFloats { y in
      guard let y = y.baseAddress else { return }
      for frame in 0..<values.count / (2 * bins) {
        let row = y + frame * 2 * bins
        ck_polar(row, row + bins, 100, &real, &imaginary, bins)
        for bin in 0..<bins {
          values[(frame * bins + bin) * 2] = real[bin]
          values[(frame * bins + bin) * 2 + 1] = imaginary[bin]
        }
      }
    }
    return ComplexFrames(binCount: bins, values: values)
  }
}
