import COpenSSL
import FoundationEssentials

/// A folder with trained weights and the `model.json` that describes them.
///
/// ```json
/// {
///   "format": 1,
///   "kind": "text-encoder",
///   "version": "1",
///   "licence": "GPL-3.0-or-later",
///   "mel": {"sampleRateHz": 44100, "bands": 128},
///   "components": {"encoder": "encoder.safetensors", "tokenizer": "spiece.model"},
///   "config": {"encoder": {"layers": 4}},
///   "sha256": {"encoder.safetensors": "…", "spiece.model": "…"}
/// }
/// ```
/// `mel` and `config` are passed on as they stand; the code that knows them decodes them. Every
/// component's file lies in the folder or below it and has its hash. With `"source": "/a/folder"` the
/// files lie there instead: so a published model is installed without a copy of it
/// (``PublishedModel``).
public struct ModelPackage: Sendable {
  /// The layout of `model.json` that this version reads.
  public static let format = 1
  static let maxManifestBytes = 4_000_000

  /// The folder's path.
  public let folder: String
  /// The folder that file names start from.
  public let source: String
  /// The folder's own name: what the package is called in messages and by `--model`.
  public let name: String
  public let kind: String
  public let version: String
  /// SPDX expression, or a sentence, for the weights.
  public let licence: String
  /// Component names and their files' names in the folder.
  public let components: [String: String]
  /// Lower-case hex digests by file name.
  public let hashes: [String: String]
  private let manifest: JSONValue
  /// What changes components' weights, in this order (``adapted(by:)``).
  var adapters: [LoRA] = []

  /// Reads `model.json` and checks that the files it names are there; ``verify()`` reads their bytes.
  ///
  /// - Throws: ``CheckpointError``
  public init(folder: String) throws {
    let path = folder + "/model.json"
    manifest = try JSONValue(file: path, maxBytes: Self.maxManifestBytes)
    func refuse(_ problem: String, _ hint: String = "") -> CheckpointError {
      .package(folder: folder, problem: problem, hint: hint)
    }
    let root = manifest
    func text(_ key: String) throws -> String {
      guard let value = root[key]?.string, !value.isEmpty else {
        throw refuse("model.json has no text '\(key)'")
      }
      return value
    }
    guard let format = root["format"]?.integer else { throw refuse("model.json has no 'format'") }
    guard format == Self.format else {
      throw refuse(
        "model.json has format \(format), this version reads \(Self.format)", "update aedit")
    }
    self.folder = folder
    source = root["source"]?.string ?? folder
    guard source == folder || source.hasPrefix("/") else {
      throw refuse("'source' is no absolute path")
    }
    name = URL(filePath: folder).standardizedFileURL.lastPathComponent
    kind = try text("kind")
    version = try text("version")
    licence = try text("licence")
    components = try Self.strings(root, "components", refuse)
    hashes = try Self.strings(root, "sha256", refuse)
    try check(refuse)
  }

  private static func strings(
    _ root: JSONValue, _ key: String, _ refuse: (String, String) -> CheckpointError
  ) throws -> [String: String] {
    guard let members = root[key]?.object else { throw refuse("model.json has no '\(key)'", "") }
    return try members.mapValues {
      guard let text = $0.string else { throw refuse("'\(key)' holds something but texts", "") }
      return text
    }
  }

  private func check(_ refuse: (String, String) -> CheckpointError) throws {
    for (file, digest) in hashes {
      guard Self.isSafePath(file) else {
        throw refuse("'\(file.prefix(80))' is no file name of the folder", "")
      }
      guard digest.utf8.count == 64, digest.utf8.allSatisfy({ Self.isLowerHex($0) }) else {
        throw refuse("the sha256 of '\(file)' is not 64 lower-case hex digits", "")
      }
      guard FileManager.default.fileExists(atPath: source + "/" + file) else {
        throw refuse("the file '\(file)' is missing in \(source)", "install the package again")
      }
    }
    for (component, file) in components where hashes[file] == nil {
      throw refuse("component '\(component)' names '\(file.prefix(80))', which has no sha256", "")
    }
  }

  /// Whether a path leads to a file below the folder that it starts from.
  public static func isSafePath(_ file: String) -> Bool {
    let parts = file.split(separator: "/", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." } && !file.contains("\0")
  }

  private static func isLowerHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  /// The path of a component's file.
  ///
  /// - Throws: ``CheckpointError/package(folder:problem:hint:)`` when there is no such component.
  public func path(of component: String) throws -> String {
    guard let file = components[component] else {
      let known = components.keys.sorted().joined(separator: ", ")
      throw CheckpointError.package(
        folder: folder, problem: "it has no component '\(component)'", hint: "it has \(known)")
    }
    return source + "/" + file
  }

  /// The weights of a component, with the changes of its LoRAs.
  public func weights(of component: String) throws -> WeightScope {
    try adapters.filter { $0.component == component }
      .reduce(openCheckpoint(path(of: component))) { try AdaptedCheckpoint($0, $1) }.scope()
  }

  /// A member of `model.json` as it stands, by its path of names: `section("config", "encoder")`.
  public func section(_ names: String...) -> JSONValue? {
    names.reduce(manifest) { $0?[$1] }
  }

  /// Decodes a section of `model.json`.
  ///
  /// - Throws: ``CheckpointError/package(folder:problem:hint:)`` naming what is missing or wrong.
  public func decode<Config: Decodable>(_: Config.Type, from names: String...) throws -> Config {
    let place = names.joined(separator: ".")
    guard let value = names.reduce(manifest, { $0?[$1] }) else {
      throw CheckpointError.package(
        folder: folder, problem: "model.json has no '\(place)'", hint: "install the package again")
    }
    do {
      return try JSONDecoder().decode(Config.self, from: Data(value.text.utf8))
    } catch let error as DecodingError {
      throw CheckpointError.package(
        folder: folder, problem: "'\(place)' of model.json: \(Self.reason(error))", hint: "")
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "the section" : "'\(path)'"
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(place(context)) has no '\(key.stringValue)'"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(place(context)) is no \(type)"
    case .dataCorrupted(let context): "\(place(context)) cannot be used"
    @unknown default: "it cannot be decoded"
    }
  }

  /// Reads every file and compares its SHA-256 with `model.json`.
  ///
  /// - Throws: ``CheckpointError/hash(file:expected:got:)`` for the first file that differs.
  public func verify() throws {
    for (file, expected) in hashes.sorted(by: { $0.key < $1.key }) {
      let path = source + "/" + file
      let got = try sha256(ofFile: path)
      guard got == expected else {
        throw CheckpointError.hash(file: path, expected: expected, got: got)
      }
    }
  }
}

extension ModelPackage {
  /// Its `model.json`.
  ///
  /// - Parameter namesFolder: whether it names the folder of its files, for an entry elsewhere.
  public func manifest(namesFolder: Bool) -> JSONValue {
    guard namesFolder, case .object(var members) = manifest else { return manifest }
    members["source"] = .string(URL(filePath: source).standardizedFileURL.path)
    return .object(members)
  }
}

/// The SHA-256 of a file, in lower-case hex.
///
/// - Throws: ``CheckpointError/unreadable(file:reason:)``
public func sha256(ofFile path: String) throws -> String {
  let mapped = try MappedFile(path: path)
  var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
  withExtendedLifetime(mapped) {
    let bytes = mapped.bytes.assumingMemoryBound(to: UInt8.self)
    _ = SHA256(bytes.baseAddress, bytes.count, &digest)
  }
  return digest.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}
