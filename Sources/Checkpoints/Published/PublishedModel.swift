import FoundationEssentials

/// A model as others publish it: a diffusers folder (`model_index.json`), a transformers folder
/// (`config.json`), an Amphion experiment (`args.json`, `checkpoints/`) or the folder of all of a
/// model's (``AmphionFolder``), or one weight file.
///
/// Recognising reads the small files only; ``PublishedModel/Component/checkpoint()`` opens weights.
public struct PublishedModel: Sendable {
  /// A network, tokenizer or scheduler of the model.
  public struct Component: Sendable {
    public let name: String
    /// The class that the publisher's library builds.
    public let className: String
    /// Absolute paths; nil where there is none.
    public let weights: String?
    public let config: String?
    /// All its files, from the model's folder.
    public let files: [String]

    /// Its tensors, opened and their places checked.
    ///
    /// - Throws: ``CheckpointError``
    public func checkpoint() throws -> (any Checkpoint)? { try weights.map(openCheckpoint) }
  }

  static let maxFileBytes = 4_000_000

  /// The folder that file names start from.
  public let folder: String
  /// The class of the whole: "AudioLDMPipeline", "T5EncoderModel", "Amphion AudioLDM", "weights".
  public let kind: String
  public let components: [Component]
  /// What the folder's README says, "unknown" otherwise.
  public let licence: String

  /// Recognises a folder or file.
  ///
  /// - Throws: ``CheckpointError``; ``CheckpointError/unsupported(file:what:hint:)`` when it is none.
  public init(path: String) throws {
    let path = URL(filePath: path).standardizedFileURL.path
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CheckpointError.unreadable(file: path, reason: "there is no such file or folder")
    }
    guard isFolder else {
      folder = URL(filePath: path).deletingLastPathComponent().path
      kind = "weights"
      licence = "unknown"
      let weights = try Weights(path: path)
      components = [
        Component(
          name: "weights", className: "weights", weights: path, config: nil, files: weights.files)
      ]
      return
    }
    folder = path
    licence = Self.licence(path)
    if Self.exists(path + "/model_index.json") {
      (kind, components) = try Self.diffusers(path)
    } else if let settings = AmphionFolder.settingsFile(path) {
      (kind, components) = try Self.amphion(path, settings: settings)
    } else if AmphionFolder.experiment(in: path) != nil {
      (kind, components) = try Self.amphion(AmphionFolder(path: path))
    } else if Self.exists(path + "/config.json") {
      (kind, components) = try Self.transformers(path)
    } else {
      throw CheckpointError.unsupported(
        file: path, what: "is no model folder that is known",
        hint: "it needs a model_index.json, config.json, args.json or model.json, or a folder with "
          + "an Amphion experiment")
    }
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  // MARK: Layouts

  /// `"unet": ["diffusers", "UNet2DConditionModel"]` names a folder of the part and its class.
  private static func diffusers(_ folder: String) throws -> (String, [Component]) {
    let path = folder + "/model_index.json"
    func refuse(_ problem: String) -> CheckpointError { .malformed(file: path, problem: problem) }
    guard let members = try JSONValue(file: path, maxBytes: maxFileBytes).object,
      let kind = members["_class_name"]?.string
    else { throw refuse("it names no '_class_name'") }
    var components: [Component] = []
    for (name, value) in members.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("_") {
      // Settings of the pipeline stand beside its parts; a part that was left out is null.
      guard let pair = value.array, pair.count == 2, let className = pair[1].string else {
        continue
      }
      guard ModelPackage.isSafePath(name), !name.contains("/"), name.utf8.count <= 100 else {
        throw refuse("'\(name.prefix(80))' is no folder name")
      }
      guard exists(folder + "/" + name) else { throw refuse("the folder '\(name)' is missing") }
      components.append(try component(name, className, in: folder, below: name + "/"))
    }
    guard !components.isEmpty else { throw refuse("it names no parts") }
    return (kind, components)
  }

  private static func transformers(_ folder: String) throws -> (String, [Component]) {
    let path = folder + "/config.json"
    let config = try JSONValue(file: path, maxBytes: maxFileBytes)
    guard
      let className = config["architectures"]?.array?.first?.string
        ?? config["_class_name"]?.string ?? config["model_type"]?.string
    else {
      throw CheckpointError.malformed(
        file: path, problem: "it names no 'architectures', '_class_name' or 'model_type'")
    }
    return (className, [try component("model", className, in: folder, below: "")])
  }

  /// `args.json` holds the settings of one network below `model`.
  private static func amphion(
    _ folder: String, settings file: String
  ) throws -> (String, [Component]) {
    let path = folder + "/" + file
    let model = try? PublishedConfig(relaxedJSON: path).section("model")
    let known = [("audioldm", "AudioLDM"), ("autoencoderkl", "AutoencoderKL")]
    guard let (name, className) = known.first(where: { model?.value($0.0) != nil }) else {
      throw CheckpointError.unsupported(
        file: path, what: "is of an Amphion model that is not known",
        hint: "'model' must hold 'audioldm' or 'autoencoderkl'")
    }
    let weights = try AmphionFolder.newestState(in: folder)
    let component = Component(
      name: name, className: "Amphion " + className, weights: folder + "/" + weights, config: path,
      files: [file, weights])
    return (component.className, [component])
  }

  /// All parts of a text-to-audio model.
  private static func amphion(_ parts: AmphionFolder) throws -> (String, [Component]) {
    let folder = parts.path
    func part(_ name: String, _ className: String, _ weights: String, _ config: String) -> Component
    {
      Component(
        name: name, className: className, weights: folder + "/" + weights,
        config: folder + "/" + config, files: [weights, config])
    }
    let text = try component(
      "text_encoder", "T5EncoderModel", in: folder, below: parts.text + "/")
    return (
      "Amphion AUDIT",
      [
        part("unet", "Amphion AudioLDM", parts.unet, parts.config), text,
        part("vae", "Amphion AutoencoderKL", parts.vae, parts.config),
        part("vocoder", "Amphion HiFiGAN", parts.vocoder, parts.vocoderConfig),
      ]
    )
  }

  /// The files of a part by their usual names; of several weight files the safetensors.
  private static func component(
    _ name: String, _ className: String, in folder: String, below prefix: String
  ) throws -> Component {
    let place = folder + "/" + prefix
    let weights = weightFile(in: place)
    let config = configNames.first { exists(place + $0) }
    let shards = try weights.map { try Weights(path: place + $0).files } ?? []
    let small = (configNames + tokenizerNames).filter { exists(place + $0) }
    return Component(
      name: name, className: className, weights: weights.map { place + $0 },
      config: config.map { place + $0 }, files: (shards + small).map { prefix + $0 })
  }

  /// The weight file, or index of shards, of a part's folder (with its slash): safetensors first.
  package static func weightFile(in folder: String) -> String? {
    weightNames.first { exists(folder + $0) }
  }

  private static let weightNames: [String] = {
    let safe = ["diffusion_pytorch_model", "model", "pytorch_model"].map { $0 + ".safetensors" }
    let bin = ["diffusion_pytorch_model.bin", "pytorch_model.bin"]
    return (safe + bin).flatMap { [$0, $0 + ShardedCheckpoint.indexEnding] }
  }()
  private static let configNames = [
    "config.json", "scheduler_config.json", "tokenizer_config.json", "preprocessor_config.json",
  ]
  private static let tokenizerNames = [
    "tokenizer.json", "spiece.model", "vocab.json", "merges.txt", "special_tokens_map.json",
    "added_tokens.json", "generation_config.json",
  ]

  /// Names of files of a hub's repository that installing needs, its licence's included.
  public static func isWanted(_ file: String) -> Bool {
    let name = file.split(separator: "/").last.map(String.init) ?? ""
    return weightNames.contains(name) || configNames.contains(name)
      || tokenizerNames.contains(name) || name == "model_index.json" || name == "README.md"
      || isShard(name)
  }

  /// `model-00001-of-00002.safetensors`
  private static func isShard(_ name: String) -> Bool {
    guard name.hasSuffix(".safetensors") || name.hasSuffix(".bin") else { return false }
    return weightNames.contains { whole in
      let parts = whole.split(separator: ".")
      return parts.count == 2 && name.hasPrefix(parts[0] + "-") && name.hasSuffix("." + parts[1])
        && name.contains("-of-")
    }
  }

  /// The file and, of an index, its shards; names from its own folder.
  private struct Weights {
    let files: [String]

    init(path: String) throws {
      let name = URL(filePath: path).lastPathComponent
      files =
        path.hasSuffix(ShardedCheckpoint.indexEnding)
        ? [name] + Set(try ShardedCheckpoint.weightMap(path).values).sorted() : [name]
    }
  }

  /// `license: apache-2.0` of the front matter between two lines `---`.
  private static func licence(_ folder: String) -> String {
    guard let data = FileManager.default.contents(atPath: folder + "/README.md"),
      data.count <= maxFileBytes
    else { return "unknown" }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").prefix(100)
    guard lines.first == "---" else { return "unknown" }
    for line in lines.dropFirst().prefix(while: { $0 != "---" }) where line.hasPrefix("license:") {
      let value = line.dropFirst("license:".count).drop { $0 == " " }
      if !value.isEmpty { return String(value.prefix(80)) }
    }
    return "unknown"
  }

  /// What a package's `model.json` says of this model, with the hash of each file.
  ///
  /// - Parameter namesFolder: whether it names the folder, for an entry that lies elsewhere.
  /// - Throws: ``CheckpointError/unreadable(file:reason:)``
  public func manifest(namesFolder: Bool) throws -> JSONValue {
    let hashes = try hashes().mapValues { JSONValue.string($0) }
    var parts: [String: JSONValue] = [:]
    var classes: [String: JSONValue] = [:]
    func local(_ path: String) -> JSONValue { .string(String(path.dropFirst(folder.count + 1))) }
    for component in components {
      classes[component.name] = .string(component.className)
      if let weights = component.weights { parts[component.name] = local(weights) }
      if let config = component.config { parts[component.name + ".config"] = local(config) }
    }
    var members: [String: JSONValue] = [
      "format": .integer(ModelPackage.format), "kind": .string(kind), "version": .string("1"),
      "licence": .string(licence), "components": .object(parts), "classes": .object(classes),
      "sha256": .object(hashes),
    ]
    if namesFolder { members["source"] = .string(folder) }
    return .object(members)
  }

  /// The SHA-256 of each file, by its name from ``folder``.
  ///
  /// - Throws: ``CheckpointError/unreadable(file:reason:)``
  public func hashes() throws -> [String: String] {
    var hashes: [String: String] = [:]
    for file in components.flatMap(\.files) where hashes[file] == nil {
      hashes[file] = try sha256(ofFile: folder + "/" + file)
    }
    return hashes
  }
}
