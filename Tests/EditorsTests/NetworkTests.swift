import Checkpoints
import Editors
import Foundation
import Layers
import Signal
import Tensors
import TestSupport
import Testing

/// The networks of the default music models against PyTorch (Tests/Fixtures/make_networks.py).
@Suite struct NetworkTests {
  let file: SafetensorsFile

  init() throws { file = try Fixtures.tensors("networks/networks.safetensors") }

  func config<C: Decodable>(_: C.Type, _ json: String) throws -> C {
    try JSONDecoder().decode(C.self, from: Data(json.utf8))
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func maskNetwork(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try config(
      MaskNetConfig.self,
      """
      {"rate": 44100, "n_fft": 4096, "hop": 1024, "bands": 12, "frames_per_token": 2,
       "patch_bands": 4, "dim": 24, "heads": 3, "blocks": 3, "grid_dim": 32, "grid_hidden": 40,
       "grid_blocks": 2, "stem_blocks": 2, "text_dim": 14, "topic_dim": 10, "mel_mean": -5.0, "mel_std": 2.5}
      """)
    let network = try Precision.$current.withValue(precision) {
      let w = file.scope() / "mask" / "weights"
      let network = try MaskNet(w, config: config)
      try w.finish()
      return network
    }
    let (features, text) = (try file.tensor("mask.features"), try file.tensor("mask.text"))
    let present = try file.flags("mask.text_mask")
    let heard = network.hear(features)
    let question = network.ask(heard, text: text, textMask: KeyMask(present))
    let masks = network.masks(heard, question)
    try expectClose(masks, file.tensor("mask.logits"), tolerance, "mask")
    try expectClose(
      question.presence, file.tensor("mask.presence").floats, tolerance, "presence")
    // One mixture, heard once, answers as many questions, and of these some.
    let first = network.hear(features[rows: 0..<1])
    let both = network.ask(first, text: text, textMask: KeyMask(present))
    try expectClose(
      network.masks(first, both[[0]])[0], masks[0], tolerance, "first of two questions")
  }

  /// A LoRA that is added to the weights against one that PyTorch runs beside them
  /// (Tests/Fixtures/make_lora.py).
  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func adaptedMaskNetwork(_ precision: Precision, _ tolerance: Tolerance) throws {
    let lora = try LoRA(path: Fixtures.url("lora/mask.lora.safetensors").path)
    let package = try ModelPackage(folder: Fixtures.url("lora").path).adapted(by: lora)
    let network = try Precision.$current.withValue(precision) {
      let w = try package.weights(of: "mask")
      let network = try MaskNet(
        w, config: package.decode(MaskNetConfig.self, from: "config", "mask"))
      try w.finish()
      return network
    }
    let expected = try Fixtures.tensors("lora/expected.safetensors")
    let heard = network.hear(try expected.tensor("features"))
    let question = network.ask(
      heard, text: try expected.tensor("text"),
      textMask: KeyMask([[Bool](repeating: true, count: 5)]))
    try expectClose(
      network.masks(heard, question), expected.tensor("logits"), tolerance, "mask")
    try expectClose(
      question.presence, expected.tensor("presence").floats, tolerance, "presence")
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func highBand(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try config(
      HighBandConfig.self,
      """
      {"rate": 44100, "n_fft": 2048, "hop": 512, "bands": 10, "dim": 24, "hidden": 40, "blocks": 2,
       "mel_mean": -5.0, "mel_std": 2.5}
      """)
    let network = try Precision.$current.withValue(precision) {
      let w = file.scope() / "bands" / "weights"
      let network = try HighBand(w, config: config)
      try w.finish()
      return network
    }
    let known = (0..<10).map { $0 < 6 }
    try expectClose(
      network(file.tensor("bands.mel"), known: known), file.tensor("bands.levels"), tolerance,
      "levels")
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func timbreClassifier(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try config(
      TimbreConfig.self, #"{"latent": 6, "dim": 24, "hidden": 40, "blocks": 2, "targets": 5}"#)
    let network = try Precision.$current.withValue(precision) {
      let w = file.scope() / "timbre" / "weights"
      let network = try Timbre(w, config: config)
      try w.finish()
      return network
    }
    try expectClose(
      network(file.tensor("timbre.latents")), file.tensor("timbre.logits"), tolerance, "logits")
  }

  @Test func stereoFeatures() throws {
    let layout = MelLayout(
      sampleRateHz: 44100, stft: STFTLayout(fftSize: 4096, hopSamples: 1024), bands: 256,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
    let sound = try file.tensor("stereo.sound")
    let channels = (0..<2).map { sound[$0].floats }
    let features = try StereoFeatures(layout)
    var stream = StereoFeatureStream(features)
    var made = stream.push(channels.map { Array($0.prefix(5000)) })
    made += stream.push(channels.map { Array($0.dropFirst(5000)) })
    made += stream.finish(channelCount: 2)
    try expectClose(made, file.tensor("stereo.features").floats, .model, "features")
    // One channel is heard as the same sound on both sides.
    var (mono, both) = (StereoFeatureStream(features), StereoFeatureStream(features))
    let alone = mono.push([channels[0]]) + mono.finish(channelCount: 1)
    #expect(alone == both.push([channels[0], channels[0]]) + both.finish(channelCount: 2))
  }

}
