import Checkpoints
import Foundation
import TestSupport
import Testing

/// LoRAs for the default music models.
@Suite(.enabled(if: Command.hasMusic && Command.hasText)) struct LoRACommandTests {
  /// A LoRA of rank 1 for each matrix of the mask network.
  private func write(_ name: String, value: Float, in place: Workplace) throws {
    let folder = Command.root.appendingPathComponent("Models/music").path
    let package = try ModelPackage(folder: folder)
    let weights = try openCheckpoint(package.path(of: "mask"))
    let layers = weights.tensors.filter {
      $0.key.hasSuffix(".weight") && $0.value.shape.count == 2
    }
    let factors = layers.sorted { $0.key < $1.key }.flatMap { key, weight in
      let layer = key.dropLast(".weight".count)
      return [
        (name: "\(layer).lora_A.weight", shape: [1, weight.shape[1]], value: Float(0.02)),
        (name: "\(layer).lora_B.weight", shape: [weight.shape[0], 1], value: value),
      ]
    }
    let file = LoRAFile(base: package.hashes["mask.safetensors"] ?? "", factors: factors)
    try file.write(to: place.url.appendingPathComponent(name).path)
  }

  private func models(_ sidecar: Data) throws -> [[String: Any]] {
    let value = try JSONSerialization.jsonObject(with: sidecar) as? [String: Any]
    return try #require(value?["models"] as? [[String: Any]])
  }

  @Test func changesTheEditUnlessItIsZero() throws {
    let place = try Workplace()
    try place.song(seconds: 3)
    try write("zero.safetensors", value: 0, in: place)
    try write("some.safetensors", value: 0.02, in: place)
    let edits: [(output: String, options: [String])] = [
      ("plain.wav", []), ("zero.wav", ["--lora", "zero.safetensors"]),
      ("some.wav", ["--lora", "some.safetensors"]),
      ("both.wav", ["--lora", "zero.safetensors", "--lora", "some.safetensors"]),
    ]
    for (output, options) in edits {
      let run = try Command(
        ["song.wav", "remove the drums", "-o", output, "--quiet"] + options, in: place.url)
      #expect(run.status == 0, "\(run.errors)")
    }
    let plain = try place.bytes("plain.wav")
    #expect(try place.bytes("zero.wav") == plain)
    #expect(try place.bytes("some.wav") != plain)
    #expect(try place.bytes("both.wav") == place.bytes("some.wav"))

    #expect(try models(place.bytes("plain.wav.aedit.json")).count == 2)
    let used = try models(place.bytes("some.wav.aedit.json"))
    let lora = try #require(used.first { $0["name"] as? String == "some.safetensors" })
    let hash = try sha256(ofFile: place.url.appendingPathComponent("some.safetensors").path)
    #expect(lora["hashes"] as? [String: String] == ["some.safetensors": hash])
    #expect(lora["licence"] as? String == "CC0-1.0")

    let stems = try place.run("stems", "song.wav", "-o", "stems", "--lora", "some.safetensors")
    #expect(stems.status == 0, "\(stems.errors)")
    // A batch does what a single edit does, and does it again with another LoRA.
    let batch = [
      "batch", "song.wav", "--instruction", "remove the drums", "--out", "out", "--quiet",
      "--no-previews", "--lora",
    ]
    #expect(try Command(batch + ["some.safetensors"], in: place.url).status == 0)
    #expect(try place.bytes("out/song.remove-the-drums.wav") == place.bytes("some.wav"))
    #expect(try Command(batch + ["some.safetensors", "--resume"], in: place.url).status == 3)
    #expect(try Command(batch + ["zero.safetensors", "--resume"], in: place.url).status == 0)
    #expect(try place.bytes("out/song.remove-the-drums.wav") == plain)
  }

  @Test func whatDoesNotFitIsNamedInOneLine() throws {
    let place = try Workplace()
    try place.song(seconds: 0.3)
    try self.write("good.safetensors", value: 0, in: place)
    func write(_ name: String, _ change: (inout LoRAFile) -> Void) throws {
      var file = LoRAFile(base: String(repeating: "0", count: 64), factors: [])
      change(&file)
      try file.write(to: place.url.appendingPathComponent(name).path)
    }
    try write("other.safetensors") { _ in }
    try write("speech.safetensors") { $0.metadata["kind"] = "speech" }
    try Data("no weights".utf8).write(to: place.url.appendingPathComponent("broken.safetensors"))
    let before = place.names
    for (name, words) in [
      ("other", "made for another mask.safetensors"), ("speech", "kind 'speech'"),
      ("broken", "damaged"), ("absent", "cannot read"),
    ] {
      let run = try place.run("song.wav", "remove the drums", "--lora", "\(name).safetensors")
      #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
      #expect(run.errors.split(separator: "\n").count == 1 && run.errors.hasPrefix("aedit: "))
      #expect(place.names == before)
    }
    let fill = try place.run(
      "batch", "song.wav", "--transcript", "a.txt", "--out", "out", "--lora", "good.safetensors")
    #expect(fill.status == 2, "\(fill.errors)")
  }
}
