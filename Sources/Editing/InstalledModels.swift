import Checkpoints
import Editors
import Instructions
import Tensors

/// The models of installed packages, each loaded when it is first needed.
final class InstalledModels: EditingModels {
  private let store: ModelStore
  private let precision: Precision
  private var loadedReader: InstructionReader?
  private var loadedMusic: MusicPackage?
  private var loadedMasker: (any StemMasker)?
  private var loadedGenerator: (any StemGenerator)?
  private(set) var used: [LoadedModel] = []

  init(model: String?, precision: Precision) throws {
    store = try ModelStore(model: model)
    self.precision = precision
  }

  func masker() throws -> any StemMasker {
    if let loadedMasker { return loadedMasker }
    let masker = try music().masker()
    loadedMasker = masker
    return masker
  }

  func generator() throws -> any StemGenerator {
    if let loadedGenerator { return loadedGenerator }
    let generator = try music().generator()
    loadedGenerator = generator
    return generator
  }

  func targets() throws -> [String] { try music().targets }

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

  private func music() throws -> MusicPackage {
    if let loadedMusic { return loadedMusic }
    let package = try store.package(kind: MusicPackage.kind)
    let music = try MusicPackage(package, precision: precision)
    note(package)
    loadedMusic = music
    return music
  }

  private func note(_ package: ModelPackage) {
    used.append(
      LoadedModel(
        name: package.name, version: package.version, licence: package.licence,
        hashes: package.hashes))
  }
}
