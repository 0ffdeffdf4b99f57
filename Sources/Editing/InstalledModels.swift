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
    var masker: (any StemMasker)?
    var generator: (any StemGenerator)?
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

  func masker() throws -> any StemMasker {
    try loaded.withLock { loaded in
      if let masker = loaded.masker { return masker }
      let package = try music(&loaded)
      let masker = try Precision.$current.withValue(precision) { try MusicMasker(package: package) }
      loaded.masker = masker
      return masker
    }
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

  func targets() throws -> [String] {
    try loaded.withLock { try music(&$0).decode([String].self, from: "targets") }
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
    try [InstructionReader.packageKind, Self.musicKind].map { kind in
      let package = try store.package(kind: kind)
      try package.verify()
      return LoadedModel(package)
    }
  }

  private static let musicKind = "music"

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
