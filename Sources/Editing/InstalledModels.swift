import Checkpoints
import Editors
import Instructions
import Tensors

/// The models of installed packages, each loaded when it is first needed.
final class InstalledModels: EditingModels {
  private let store: ModelStore
  private let precision: Precision
  private var loadedReader: InstructionReader?
  private var musicPackage: ModelPackage?
  private var loadedMasker: (any StemMasker)?
  private var loadedGenerator: (any StemGenerator)?
  private(set) var used: [LoadedModel] = []

  init(model: String?, precision: Precision) throws {
    store = try ModelStore(model: model)
    self.precision = precision
  }

  func masker() throws -> any StemMasker {
    if let loadedMasker { return loadedMasker }
    let package = try music()
    let masker = try Precision.$current.withValue(precision) { try MusicMasker(package: package) }
    loadedMasker = masker
    return masker
  }

  func generator() throws -> any StemGenerator {
    if let loadedGenerator { return loadedGenerator }
    let package = try music()
    let generator = try Precision.$current.withValue(precision) {
      try MusicGenerator(package: package)
    }
    loadedGenerator = generator
    return generator
  }

  func targets() throws -> [String] { try music().decode([String].self, from: "targets") }

  func plan(_ instruction: String) throws -> EditPlan { try reader().plan(instruction) }

  func states(of text: String) throws -> TextStates { TextStates(try reader().states(text)) }

  private func reader() throws -> InstructionReader {
    if let loadedReader { return loadedReader }
    let package = try store.package(kind: InstructionReader.packageKind)
    let reader = try Precision.$current.withValue(precision) {
      try InstructionReader(package: package)
    }
    note(package)
    loadedReader = reader
    return reader
  }

  private func music() throws -> ModelPackage {
    if let musicPackage { return musicPackage }
    let package = try store.package(kind: "music")
    note(package)
    musicPackage = package
    return package
  }

  private func note(_ package: ModelPackage) {
    used.append(
      LoadedModel(
        name: package.name, version: package.version, licence: package.licence,
        hashes: package.hashes))
  }
}
