import FoundationEssentials

/// A text-to-audio model as Amphion's recipe leaves it: the folder of its experiments (`ckpts/tta`),
/// with the vocoder and the text encoder beside them.
///
/// ```
/// AUDIOLDM/args.json  AUDIOLDM/checkpoints/step-0570000_loss-0.2521.pt
/// VAE/checkpoints/step-0445000_loss-0.3306.pt      named by 'model.autoencoder_path'
/// hifigan_checkpoints/config.json  hifigan_checkpoints/g_01250000
/// t5-base/config.json  t5-base/model.safetensors  t5-base/spiece.model
/// ```
/// Source: open-mmlab/Amphion, egs/tta (`run_inference.sh`, `exp_config.json`).
public struct AmphionFolder: Sendable {
  public let path: String
  /// Names of files from `path`: the settings, the weights, the vocoder's settings.
  public let config: String, unet: String, vae: String, vocoder: String, vocoderConfig: String
  /// The text encoder's folder, from `path`.
  public let text = "t5-base"

  static let settings = ["args.json", "exp_config.json"]
  private static let vocoders = "hifigan_checkpoints"

  /// The folder of a diffusion model's experiment in `path`, when there is one.
  static func experiment(in path: String) -> String? {
    names(in: path).first { name in
      guard let file = settingsFile(path + "/" + name) else { return false }
      let config = try? PublishedConfig(relaxedJSON: path + "/" + name + "/" + file)
      return (try? config?.section("model").section("audioldm")) != nil
    }
  }

  /// - Throws: ``CheckpointError`` that names what is not there.
  public init(path: String) throws {
    self.path = path
    func refuse(_ problem: String, _ hint: String) -> CheckpointError {
      .package(folder: path, problem: problem, hint: hint)
    }
    guard let experiment = Self.experiment(in: path),
      let file = Self.settingsFile(path + "/" + experiment)
    else {
      throw refuse(
        "no folder in it holds the args.json of an Amphion text-to-audio experiment",
        "name the folder that holds the experiments, such as ckpts/tta")
    }
    config = experiment + "/" + file
    unet = experiment + "/" + (try Self.newestState(in: path + "/" + experiment))
    let named = try PublishedConfig(relaxedJSON: path + "/" + config).section("model")
      .text("autoencoder_path")
    // The path is one of the machine that trained: its end, EXPERIMENT/checkpoints/FILE, counts.
    vae = named.split(separator: "/").suffix(3).joined(separator: "/")
    let known = Self.names(in: path + "/" + Self.vocoders)
    guard let generator = known.filter({ $0.hasPrefix("g_") }).max(),
      let settings = ["config.json", "args.json"].first(where: known.contains)
    else {
      throw refuse(
        "'\(Self.vocoders)' with a g_… file and its config.json is missing", "copy it there")
    }
    vocoder = Self.vocoders + "/" + generator
    vocoderConfig = Self.vocoders + "/" + settings
    guard ModelPackage.isSafePath(vae), FileManager.default.fileExists(atPath: path + "/" + vae)
    else {
      throw refuse("the VAE '\(vae.prefix(120))' is missing", "copy its experiment there")
    }
    guard FileManager.default.fileExists(atPath: path + "/" + text + "/config.json") else {
      throw refuse(
        "the text encoder '\(text)' is missing",
        "fetch it: aedit models pull t5-base --into \(path)")
    }
  }

  /// The settings of an experiment's folder.
  static func settingsFile(_ folder: String) -> String? {
    settings.first { FileManager.default.fileExists(atPath: folder + "/" + $0) }
  }

  /// Of the states that a training left in `checkpoints` the one of the most steps
  /// (`step-0390000_loss-0.2876.pt`).
  static func newestState(in experiment: String) throws -> String {
    let newest = names(in: experiment + "/checkpoints")
      .filter { $0.hasPrefix("step-") && $0.hasSuffix(".pt") }
      .max { (step($0), $0) < (step($1), $1) }
    guard let newest else {
      throw CheckpointError.package(
        folder: experiment, problem: "'checkpoints' holds no 'step-….pt'", hint: "copy it there")
    }
    return "checkpoints/" + newest
  }

  private static func step(_ name: String) -> Int {
    Int(name.dropFirst("step-".count).prefix { $0.isASCII && $0.isNumber }) ?? 0
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}
