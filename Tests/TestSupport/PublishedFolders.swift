import Foundation

/// Folders of small published models, as their publishers lay them out.
public enum PublishedFolders {
  /// A diffusers folder of the fixtures, completed where it holds no weights.
  ///
  /// - Returns: a folder that the caller removes.
  public static func diffusers(_ name: String) throws -> String {
    let files = FileManager.default
    guard files.fileExists(atPath: Fixtures.url(name + "/names.json").path) else {
      let copy = files.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
      try files.copyItem(atPath: Fixtures.url(name).path, toPath: copy.path)
      return copy.path
    }
    let path = try FormulaWeights.complete(name)
    if name == "audioldm2" {
      try files.createDirectory(
        atPath: path + "/tokenizer_2", withIntermediateDirectories: true)
      try files.copyItem(
        atPath: Fixtures.url("tokenizers/t5.tokenizer.json").path,
        toPath: path + "/tokenizer_2/tokenizer.json")
    }
    return path
  }

  /// The folder of Amphion's experiments of a small AUDIT, with vocoder and T5.
  ///
  /// - Parameter editing: whether its U-Net takes the sound that it edits.
  /// - Returns: a folder that the caller removes.
  public static func amphion(editing: Bool) throws -> String {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appendingPathComponent("tta-\(UUID().uuidString)").path
    for part in [
      "audit/checkpoints", "autoencoder_kl/checkpoints", "hifigan_checkpoints", "t5-base",
    ] {
      try files.createDirectory(
        atPath: folder + "/" + part, withIntermediateDirectories: true)
    }
    let weights = [
      (editing ? "editor" : "unet", "audit/checkpoints/step-0570000_loss-0.2521.pt"),
      ("vae", "autoencoder_kl/checkpoints/step-0445000.pt"),
      ("vocoder", "hifigan_checkpoints/g_01250000"), ("text", "t5-base/model.safetensors"),
    ]
    for (part, place) in weights {
      let made = try FormulaWeights.write("audit/names.json", part)
      try files.moveItem(atPath: made, toPath: folder + "/" + place)
    }
    let copies = [
      ("audit/vocoder.json", "hifigan_checkpoints/config.json"),
      ("audit/t5.json", "t5-base/config.json"),
      ("tokenizers/plain.spiece.model", "t5-base/spiece.model"),
    ]
    for (from, to) in copies {
      try files.copyItem(atPath: Fixtures.url(from).path, toPath: folder + "/" + to)
    }
    var config = try String(contentsOf: Fixtures.url("audit/exp_config.json"), encoding: .utf8)
    if editing {
      config = config.replacingOccurrences(
        of: "\"image_size\": 32,\n        \"in_channels\": 4",
        with: "\"image_size\": 32,\n        \"in_channels\": 8")
    }
    try Data(config.utf8).write(to: URL(fileURLWithPath: folder + "/audit/args.json"))
    return folder
  }
}
