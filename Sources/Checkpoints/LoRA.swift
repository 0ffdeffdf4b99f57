import FoundationEssentials

/// Low-rank changes to the weights of one network (LoRA, 2106.09685), as `make finetune` makes them of
/// a user's own stems.
///
/// For a weight `name.weight [out, in]` the safetensors file holds `name.lora_A.weight [rank, in]` and
/// `name.lora_B.weight [out, rank]` (PEFT's names without its prefix); the network is then given
/// `weight + alpha / rank · B A`. The file's metadata:
///
/// | key | value |
/// |---|---|
/// | `kind`, `component` | of the model package, and in it, that the weights belong to |
/// | `base_sha256` | of the component's file, in lower-case hex: other weights are not changed |
/// | `rank`, `alpha` | the number of rows of A, and the weight of the product |
/// | `licence` | SPDX expression, or a sentence |
public struct LoRA: Sendable {
  /// Far over what is in use: LoRAs have ranks of 4 to 256.
  static let maxRank = 1024
  /// Of all numbers: they are looked at one by one, and hashed.
  static let maxBytes = 500_000_000

  public let path: String
  public let kind: String
  public let component: String
  public let rank: Int
  public let alpha: Float
  public let licence: String
  let baseHash: String
  /// SHA-256 of the file, in lower-case hex.
  public let hash: String
  let file: SafetensorsFile

  /// The file's own name.
  public var name: String { URL(filePath: path).lastPathComponent }

  /// Reads the file's directory and looks at all its numbers.
  ///
  /// - Throws: ``CheckpointError``
  public init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    func refuse(_ problem: String) -> CheckpointError {
      .adapter(file: path, problem: problem, hint: "make finetune makes such files")
    }
    func text(_ key: String) throws -> String {
      guard let value = file.header.metadata[key], !value.isEmpty else {
        throw refuse("its metadata have no '\(key)'")
      }
      return value
    }
    let (rank, alpha) = (try text("rank"), try text("alpha"))
    guard let rows = Int(rank), (1...Self.maxRank).contains(rows) else {
      throw refuse("its rank is '\(rank.prefix(20))', not 1 to \(Self.maxRank)")
    }
    guard let weight = Float(alpha), weight.isFinite else {
      throw refuse("its alpha is '\(alpha.prefix(20))', no number")
    }
    let bytes = file.tensors.values.reduce(0) { $0 + $1.count * $1.type.byteCount }
    guard bytes <= Self.maxBytes else {
      throw refuse("its \(bytes) bytes are over the limit of \(Self.maxBytes)")
    }
    if let bad = file.keys.first(where: { file.tensors[$0]?.countNotFinite() != 0 }) {
      throw refuse("its tensor '\(bad.prefix(120))' holds numbers that are none")
    }
    (self.path, self.file, self.rank, self.alpha) = (path, file, rows, weight)
    kind = try text("kind")
    component = try text("component")
    licence = try text("licence")
    baseHash = try text("base_sha256")
    hash = try sha256(ofFile: path)
  }
}

/// A checkpoint some of whose weights a LoRA changes: each is summed when it is asked for.
final class AdaptedCheckpoint: Checkpoint {
  let path: String
  let tensors: [String: CheckpointTensor]

  /// - Throws: ``CheckpointError`` for a tensor that changes no weight of `base`, or has another shape
  ///   than that needs.
  init(_ base: any Checkpoint, _ lora: LoRA) throws {
    path = base.path
    var (changed, unused) = (base.tensors, Set(lora.file.keys))
    let scale = lora.alpha / Float(lora.rank)
    for (key, weight) in base.tensors where key.hasSuffix(".weight") && weight.shape.count == 2 {
      let (down, up) = (key.dropLast(6) + "lora_A.weight", key.dropLast(6) + "lora_B.weight")
      guard unused.remove(String(down)) != nil || unused.contains(String(up)) else { continue }
      unused.remove(String(up))
      let hint = "the weight has shape \(weight.shape), the LoRA rank \(lora.rank)"
      changed[key] = CheckpointTensor(
        weight, down: try lora.file.tensor(String(down), [lora.rank, weight.shape[1]], hint: hint),
        up: try lora.file.tensor(String(up), [weight.shape[0], lora.rank], hint: hint),
        scale: scale)
    }
    guard unused.isEmpty else {
      throw CheckpointError.unused(keys: unused.sorted(), file: lora.path)
    }
    tensors = changed
  }
}

extension ModelPackage {
  /// The package with the changes of a LoRA, after those that it has already.
  ///
  /// - Throws: ``CheckpointError`` when the LoRA was not made for this component's very weights.
  public func adapted(by lora: LoRA) throws -> ModelPackage {
    guard let file = components[lora.component] else {
      let known = components.keys.sorted().joined(separator: ", ")
      throw CheckpointError.adapter(
        file: lora.path,
        problem: "the package '\(name)' has no component '\(lora.component.prefix(40))'",
        hint: "it has \(known)")
    }
    guard hashes[file] == lora.baseHash else {
      throw CheckpointError.adapter(
        file: lora.path,
        problem: "it was made for another \(file) than that of version \(version) of '\(name)'"
          + " (sha256 \(lora.baseHash.prefix(12))…, not \(hashes[file]?.prefix(12) ?? "")…)",
        hint: "make it anew with make finetune, or name the package it was made for with --model")
    }
    var package = self
    package.adapters.append(lora)
    _ = try package.weights(of: lora.component)
    return package
  }
}
