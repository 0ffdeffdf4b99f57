import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing
import Vocoders

@Suite struct VocoderTests {
  func vocoder(_ precision: Precision, _ file: SafetensorsFile) throws -> Vocoder {
    let json = """
      {"rate": 44100, "bands": 10, "n_fft": 32, "hop": 8, "dim": 24, "hidden": 40, "blocks": 2,
       "mel_mean": -5.0, "mel_std": 2.5}
      """
    let config = try JSONDecoder().decode(VocoderConfig.self, from: Data(json.utf8))
    return try Precision.$current.withValue(precision) {
      let w = file.scope() / "vocoder" / "weights"
      let vocoder = try Vocoder(w, config: config)
      try w.finish()
      return vocoder
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func equalsPyTorch(_ precision: Precision, _ tolerance: Tolerance) throws {
    let file = try Fixtures.tensors("networks/networks.safetensors")
    let steps = try vocoder(precision, file)(try file.tensor("vocoder.mel"))
    try expectClose(steps, file.tensor("vocoder.steps"), tolerance, "steps")
  }

  @Test func windowsWithContextJoinWithoutSeam() throws {
    let file = try Fixtures.tensors("networks/networks.safetensors")
    let vocoder = try vocoder(.fp32, file)
    let mel = try file.tensor("vocoder.mel")[0]
    let whole = vocoder(mel.reshaped([1, 37, 10]))[0]
    let first = 12 - vocoder.contextFrames
    let window = mel[rows: first..<16 + vocoder.contextFrames]
    let part = vocoder(window.reshaped([1] + window.shape))[0]
    let inner = vocoder.contextFrames..<vocoder.contextFrames + 4
    try expectClose(part[rows: inner], whole[rows: 12..<16], .layer)
  }
}
