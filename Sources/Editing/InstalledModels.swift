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
    var package: ModelPackage?
    var soundPackage: ModelPackage?
    var masker: (any StemMasker)?
    var cleaner: (any StemMasker)?
    var generator: (any StemGenerator)?
    var trebleEstimator: (any TrebleEstimator)?
    var used: [LoadedModel] = []
    var plans: [String: EditPlan] = [:]
    var states: [String: TextStates] = [:]
  }

  private let store: ModelStore
  private let precision: Precision
  private let loaded = Mutex(Loaded())

  /// Texts that are kept; then all are forgotten, so that memory stays bounded.
  private static let keptTexts = 1000

  init(model: String?, precision: Precision) throws {
    store = try ModelStore(model: model)
    self.precision = precision
  }

  var used: [LoadedModel] { loaded.withLock(\.used) }

  func masker(for target: String) throws -> any StemMasker {
    try loaded.withLock { loaded in
      if CleanUp.targets.contains(target) {
        if let cleaner = loaded.cleaner { return cleaner }
        let package = try sound(&loaded)
        let cleaner = try masker(of: package)
        loaded.cleaner = cleaner
        return cleaner
      }
      if let masker = loaded.masker { return masker }
      let package = try music(&loaded)
      let masker = try masker(of: package)
      loaded.masker = masker
      return masker
    }
  }

  private func masker(of package: ModelPackage) throws -> any StemMasker {
    try Precision.$current.withValue(precision) { try MusicMasker(package: package) }
  }

  func generator() throws -> any StemGenerator {
    try loaded.withLock { loaded in
      if let generator = loaded.generator { return generator }
      let package = try music(&loaded)
      let generator = try Precision.$current.withValue(precision) {
        try MusicGenerator(package: package)
      }
      loaded.generator = generator
      return generator
    }
  }

  func trebleEstimator() throws -> any TrebleEstimator {
    try loaded.withLock { loaded in
      if let estimator = loaded.trebleEstimator { return estimator }
      let package = try store.package(kind: HighBandEstimator.packageKind)
      let estimator = try Precision.$current.withValue(precision) {
        try HighBandEstimator(package: package)
      }
      loaded.used.append(LoadedModel(package))
      loaded.trebleEstimator = estimator
      return estimator
    }
  }

  func targets() throws -> [String] {
    try loaded.withLock { try music(&$0).decode([String].self, from: "targets") }
  }

  func cleanUpTargets() throws -> [String] {
    try loaded.withLock { try sound(&$0).decode([String].self, from: "targets") }
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
    return try kinds.map { kind in
      let package = try store.package(kind: kind)
      try package.verify()
      return LoadedModel(package)
    }
  }

  private static let musicKind = "music"
  private static let soundKind = "sound"

  private func reader(_ loaded: inout Loaded) throws -> InstructionReader {
    if let reader = loaded.reader { return reader }
    let package = try store.package(kind: InstructionReader.packageKind)
    let reader = try Precision.$current.withValue(precision) {
      try InstructionReader(package: package)
    }
    loaded.used.append(LoadedModel(package))
    loaded.reader = reader
    return reader
  }

  private func sound(_ loaded: inout Loaded) throws -> ModelPackage {
    if let package = loaded.soundPackage { return package }
    let package = try store.package(kind: Self.soundKind)
    loaded.used.append(LoadedModel(package))
    loaded.soundPackage = package
    return package
  }

  private func music(_ loaded: inout Loaded) throws -> ModelPackage {
    if let package = loaded.package { return package }
    let package = try store.package(kind: Self.musicKind)
    loaded.used.append(LoadedModel(package))
    loaded.package = package
    return package
  }
}

extension LoadedModel {
  init(_ package: ModelPackage) {
    self.init(
      name: package.name, version: package.version, licence: package.licence,
      hashes: package.hashes)
  }
}
