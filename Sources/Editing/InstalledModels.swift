import Checkpoints
import Editors
import Foundation
import Instructions
import Tensors

/// The models of installed packages, each loaded when it is first needed.
final class InstalledModels: EditingModels {
  private let store: ModelStore
  private let precision: Precision

  init(model: String?, precision: Precision) throws {
    store = try ModelStore(model: model)
    self.precision = precision
  }

  var used: [LoadedModel] { [] }

  func masker() throws -> any StemMasker {
    throw CheckpointError.notInstalled(model: "music", searched: store.searched)
  }

  func generator() throws -> any StemGenerator {
    throw CheckpointError.notInstalled(model: "music", searched: store.searched)
  }

  func read(_ request: String) throws -> Reading {
    throw CheckpointError.notInstalled(model: "text", searched: store.searched)
  }

  func states(of text: String) throws -> TextStates {
    throw CheckpointError.notInstalled(model: "text", searched: store.searched)
  }
}
