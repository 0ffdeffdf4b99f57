import Checkpoints
import Editors
import Foundation
import Layers
import Signal
import Tensors
import TestSupport
import Testing

/// The stem editor and the harmony head against PyTorch (Tests/Fixtures/make_networks.py).
@Suite struct StemEditorTests {
  let file: SafetensorsFile

  init() throws { file = try Fixtures.tensors("networks/networks.safetensors") }

  func network<Config: Decodable, Network>(
    _ name: String, _ json: String, _ precision: Precision,
    _ make: (WeightScope, Config) throws -> Network
  ) throws -> Network {
    let config = try JSONDecoder().decode(Config.self, from: Data(json.utf8))
    return try Precision.$current.withValue(precision) {
      let w = file.scope() / name / "weights"
      let network = try make(w, config)
      try w.finish()
      return network
    }
  }

  func editor(_ precision: Precision) throws -> StemEditor {
    try network(
      "editor",
      """
      {"latent": 6, "dim": 24, "heads": 3, "blocks": 4, "text_dim": 14, "time_features": 32,
       "harmony": 7, "summary": 4}
      """, precision
    ) { try StemEditor($0, config: $1) }
  }

  func tensor(_ name: String) throws -> Tensor { try file.tensor("editor." + name) }

  /// What item `index` of a fixture gives.
  func heard(_ items: Range<Int>) throws -> StemEditor.Heard {
    StemEditor.Heard(
      mixture: try tensor("mixture")[rows: items], harmony: try tensor("harmony")[rows: items])
  }

  /// What is left of the answers of both items, one after the other.
  func memory(_ network: StemEditor) throws -> StemMemory {
    let text = try tensor("text")[rows: 0..<1]
    let prompt = network.prompt(
      text, mask: KeyMask([try file.flags("editor.text_mask")[0]]))
    return try (0..<2).reduce(StemMemory()) { memory, item in
      network.remembering(
        try tensor("answer")[rows: item..<item + 1], heard: try heard(item..<item + 1),
        prompt: prompt, after: memory)
    }
  }

  func velocity(_ network: StemEditor, memory: StemMemory = StemMemory()) throws -> Tensor {
    let prompt = network.prompt(
      try tensor("text"), mask: KeyMask(try file.flags("editor.text_mask")))
    return network.velocity(
      noisy: try tensor("noise"), t: [0.2, 0.9], heard: try heard(0..<2),
      known: try tensor("known"), knownMask: try tensor("known_mask"), prompt: prompt,
      memory: memory)
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func equalsTheReference(_ precision: Precision, _ tolerance: Tolerance) throws {
    let network = try editor(precision)
    try expectClose(velocity(network), tensor("velocity"), tolerance, "velocity")
    let memory = try memory(network)
    try expectClose(
      velocity(network, memory: memory), tensor("remembering"), tolerance, "remembering")
    func first(_ name: String) throws -> Tensor { try tensor(name)[rows: 0..<1] }
    var steps: [Int] = []
    let guidance = StemGuidance(text: 2.5, song: 1.5)
    let texts = try tensor("text")
    let present = try file.flags("editor.text_mask")
    let rows = guidance.branches.map { $0.hasText ? 0 : 1 }
    let prompts = network.prompt(
      Tensor.stack(rows.map { texts[$0] }), mask: KeyMask(rows.map { present[$0] }))
    let sample = network.sample(
      noise: try first("noise"), heard: try heard(0..<1), known: try first("known"),
      knownMask: try first("known_mask"), prompt: prompts, memory: memory, steps: 4,
      guidance: guidance
    ) { steps.append($0) }
    try expectClose(sample, tensor("sample"), tolerance, "sample")
    #expect(steps == [1, 2, 3, 4])
  }

  @Test func memoryIsBounded() throws {
    let network = try editor(.fp32)
    let prompt = network.prompt(
      try tensor("text")[rows: 0..<1], mask: KeyMask([try file.flags("editor.text_mask")[0]]))
    var (memory, counts) = (StemMemory(), [Int]())
    for _ in 0..<60 {
      memory = network.remembering(
        try tensor("answer")[rows: 0..<1], heard: try heard(0..<1), prompt: prompt, after: memory)
      counts.append(memory.count)
    }
    #expect(counts.prefix(3) == [5, 10, 15])
    #expect(counts.suffix(3) == [StemMemory.limit, StemMemory.limit, StemMemory.limit])
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    defer { Threads.set(0) }
    let network = try editor(.auto)
    let memory = try memory(network)
    let results = try [1, 2, 5].map { threads in
      Threads.set(threads)
      return try velocity(network, memory: memory).floats
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func harmonyEqualsTheReference(_ precision: Precision, _ tolerance: Tolerance) throws {
    let head = try network(
      "harmony",
      """
      {"tones": 160, "onsets": 16, "dim": 24, "hidden": 40, "blocks": 2, "kernel": 9, "chords": 25}
      """, precision
    ) { try HarmonyHead($0, config: $1) }
    let features = try file.tensor("harmony.features")
    try expectClose(
      head(features.reshaped([1] + features.shape)), file.tensor("harmony.logits"), tolerance,
      "logits")
    // From sound, in uneven blocks: the reference leaves out the frame that begins at the end.
    let sound = try file.tensor("harmony.sound").floats
    var stream = try HarmonyStream(head)
    var told: [Float] = []
    for start in stride(from: 0, to: sound.count, by: 7001) {
      told += try stream.push(Array(sound[start..<min(start + 7001, sound.count)]))
    }
    told += try stream.finish()
    let rows = features.shape[0]
    #expect(told.count == (rows + 1) * 27)
    let (near, width) = (head.contextRows + 1, 27)
    let expected = try file.tensor("harmony.told").floats
    let whole = 0..<(rows - near) * width
    try expectClose(Array(told[whole]), Array(expected[whole]), tolerance, "told")
  }
}
