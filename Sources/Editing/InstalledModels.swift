import Checkpoints
import Editors
import Instructions
import Synchronization
import Tensors

/// The models of installed packages, each loaded when it is first needed, by whichever thread.
///
/// What was read from a text is kept: a batch asks for the same few texts over and over.
final class InstalledModels: EditingModels {
  private struct Loaded {
    var reader: InstructionReader?
    var packages: [String: ModelPackage] = [:]
    /// By the kind of their package.
    var maskers: [String: any StemMasker] = [:]
    var generators: [String: any StemGenerator] = [:]
    var trebleEstimator: (any TrebleEstimator)?
    var used: [LoadedModel] = []
    var plans: [String: EditPlan] = [:]
    var states: [String: TextStates] = [:]
  }

  private let store: ModelStore
  private let adapters: [LoRA]
  private let precision: Precision
  private let loaded = Mutex(Loaded())

  /// Texts that are kept; then all are forgotten, so that memory stays bounded.
  private static let keptTexts = 1000

  /// - Parameter loras: paths of files that change the models' weights.
  init(model: String?, loras: [String], precision: Precision) throws {
    store = try ModelStore(model: model)
    adapters = try loras.map(LoRA.init)
    self.precision = precision
    // What does not fit is refused before anything is done.
    for lora in adapters {
      guard [Self.musicKind, Self.soundKind].contains(lora.kind) else {
        throw CheckpointError.adapter(
          file: lora.path, problem: "it is for models of the kind '\(lora.kind.prefix(40))'",
          hint: "edits take those for \(Self.musicKind) and \(Self.soundKind)")
      }
      _ = try installed(lora.kind)
    }
  }

  var used: [LoadedModel] { loaded.withLock(\.used) }

  func masker(for target: String) throws -> any StemMasker {
    let kind = Self.kind(of: target)
    return try loaded.withLock { loaded in
      if let masker = loaded.maskers[kind] { return masker }
      let package = try package(kind, &loaded)
      let masker = try Precision.$current.withValue(precision) { try MusicMasker(package: package) }
      loaded.maskers[kind] = masker
      return masker
    }
  }

  func generator(for target: String) throws -> any StemGenerator {
    let kind = Self.kind(of: target)
    return try loaded.withLock { loaded in
      if let generator = loaded.generators[kind] { return generator }
      let package = try package(kind, &loaded)
      let codec = try self.package(Self.musicKind, &loaded)
      let generator = try Precision.$current.withValue(precision) {
        try MusicGenerator(package: package, codec: codec)
      }
      loaded.generators[kind] = generator
      return generator
    }
  }

  func trebleEstimator() throws -> any TrebleEstimator {
    try loaded.withLock { loaded in
      if let estimator = loaded.trebleEstimator { return estimator }
      let package = try package(HighBandEstimator.packageKind, &loaded)
      let estimator = try Precision.$current.withValue(precision) {
        try HighBandEstimator(package: package)
      }
      loaded.trebleEstimator = estimator
      return estimator
    }
  }

  func targets() throws -> [String] { try names("targets", Self.musicKind) }
  func madeTargets() throws -> [String] { try names("made", Self.musicKind) }
  func soundTargets() throws -> [String] { try names("targets", Self.soundKind) }
  func madeSounds() throws -> [String] { try names("made", Self.soundKind) }

  private func names(_ list: String, _ kind: String) throws -> [String] {
    try loaded.withLock { try package(kind, &$0).decode([String].self, from: list) }
  }

  func plan(_ instruction: String) throws -> EditPlan {
    try loaded.withLock { loaded in
      if let plan = loaded.plans[instruction] { return plan }
      let plan = try reader(&loaded).plan(instruction)
      if loaded.plans.count >= Self.keptTexts { loaded.plans = [:] }
      loaded.plans[instruction] = plan
      return plan
    }
  }

  func states(of text: String) throws -> TextStates {
    try loaded.withLock { loaded in
      if let states = loaded.states[text] { return states }
      let states = TextStates(try reader(&loaded).states(text))
      if loaded.states.count >= Self.keptTexts { loaded.states = [:] }
      loaded.states[text] = states
      return states
    }
  }

  func verified() throws -> [LoadedModel] {
    // Music is edited without the models that are for other things, where these are not installed.
    let others = [Self.soundKind, HighBandEstimator.packageKind]
    let kinds =
      [InstructionReader.packageKind, Self.musicKind]
      + others.filter { kind in store.packages.contains { $0.kind == kind } }
    return try kinds.flatMap { kind in
      let package = try installed(kind)
      try package.verify()
      return [LoadedModel(package)] + adapters(of: kind)
    }
  }

  private static let musicKind = "music"
  private static let soundKind = "sound"

  private static func kind(of target: String) -> String {
    SoundParts.names.contains(target) ? soundKind : musicKind
  }

  private func reader(_ loaded: inout Loaded) throws -> InstructionReader {
    if let reader = loaded.reader { return reader }
    let package = try package(InstructionReader.packageKind, &loaded)
    let reader = try Precision.$current.withValue(precision) {
      try InstructionReader(package: package)
    }
    loaded.reader = reader
    return reader
  }

  private func package(_ kind: String, _ loaded: inout Loaded) throws -> ModelPackage {
    if let package = loaded.packages[kind] { return package }
    let package = try installed(kind)
    loaded.used += [LoadedModel(package)] + adapters(of: kind)
    loaded.packages[kind] = package
    return package
  }

  private func installed(_ kind: String) throws -> ModelPackage {
    try adapters.filter { $0.kind == kind }
      .reduce(store.package(kind: kind)) { try $0.adapted(by: $1) }
  }

  private func adapters(of kind: String) -> [LoadedModel] {
    adapters.filter { $0.kind == kind }.map(LoadedModel.init)
  }
}

extension LoadedModel {
  init(_ package: ModelPackage) {
    self.init(
      name: package.name, version: package.version, licence: package.licence,
      hashes: package.hashes)
  }

  init(_ lora: LoRA) {
    self.init(
      name: lora.name,
      version: "LoRA of rank \(lora.rank), alpha \(lora.alpha), for \(lora.kind) \(lora.component)",
      licence: lora.licence, hashes: [lora.name: lora.hash])
  }
}
