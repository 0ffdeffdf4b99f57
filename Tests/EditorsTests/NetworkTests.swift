import Checkpoints
import Editors
import Foundation
import Layers
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
      {"rate": 44100, "n_fft": 4096, "hop": 1024, "bands": 10, "frames_per_token": 2, "dim": 24,
       "heads": 3, "blocks": 2, "text_dim": 14, "mel_mean": -5.0, "mel_std": 2.5}
      """)
    let network = try Precision.$current.withValue(precision) {
      let w = file.scope() / "mask" / "weights"
      let network = try MaskNet(w, config: config)
      try w.finish()
      return network
    }
    let made = network(
      try file.tensor("mask.mel"), text: try file.tensor("mask.text"),
      textMask: KeyMask(try file.flags("mask.text_mask")))
    try expectClose(made.mask, file.tensor("mask.logits"), tolerance, "mask")
    try expectClose(made.presence, file.tensor("mask.presence").floats, tolerance, "presence")
  }

  func editor(_ precision: Precision) throws -> StemEditor {
    let config = try config(
      StemEditorConfig.self,
      """
      {"latent": 6, "dim": 24, "heads": 3, "blocks": 2, "text_dim": 14, "time_features": 32}
      """)
    return try Precision.$current.withValue(precision) {
      let w = file.scope() / "editor" / "weights"
      let network = try StemEditor(w, config: config)
      try w.finish()
      return network
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func stemEditor(_ precision: Precision, _ tolerance: Tolerance) throws {
    let network = try editor(precision)
    let prompt = network.prompt(
      try file.tensor("editor.text"), mask: KeyMask(try file.flags("editor.text_mask")))
    let velocity = network.velocity(
      noisy: try file.tensor("editor.noise"), t: [0.2, 0.9],
      mixture: try file.tensor("editor.mixture"), known: try file.tensor("editor.known"),
      knownMask: try file.tensor("editor.known_mask"), prompt: prompt)
    try expectClose(velocity, file.tensor("editor.velocity"), tolerance, "velocity")
    func first(_ name: String) throws -> Tensor { try file.tensor("editor." + name)[rows: 0..<1] }
    var steps: [Int] = []
    let sample = try network.sample(
      noise: try first("noise"), mixture: try first("mixture"), known: try first("known"),
      knownMask: try first("known_mask"), prompt: prompt, steps: 4, guidance: 2.5
    ) { steps.append($0) }
    try expectClose(sample, file.tensor("editor.sample"), tolerance, "sample")
    #expect(steps == [1, 2, 3, 4])
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    defer { Threads.set(0) }
    let network = try editor(.auto)
    let prompt = network.prompt(
      try file.tensor("editor.text"), mask: KeyMask(try file.flags("editor.text_mask")))
    var results: [[Float]] = []
    for threads in [1, 2, 5] {
      Threads.set(threads)
      results.append(
        network.velocity(
          noisy: try file.tensor("editor.noise"), t: [0.2, 0.9],
          mixture: try file.tensor("editor.mixture"), known: try file.tensor("editor.known"),
          knownMask: try file.tensor("editor.known_mask"), prompt: prompt
        ).floats)
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }
}
