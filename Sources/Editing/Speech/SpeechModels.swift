import Checkpoints
import Editors
import Synchronization
import Tensors
import Transcripts

/// The models of an installed speech package, each loaded when it is first needed, by whichever
/// thread.
final class SpeechModels: Sendable {
  private struct Loaded {
    var package: ModelPackage?
    var aligner: SpeechAligner?
    var tempo: SpeechTempo?
    var filler: SpeechFiller?
    var voice: ModelPackage?
  }

  private let store: ModelStore
  private let precision: Precision
  private let loaded = Mutex(Loaded())

  private static let packageKind = "speech"
  /// The package whose vocoder speaks.
  private static let voiceKind = "music"

  init(model: String?, precision: Precision) throws {
    store = try ModelStore(model: model)
    self.precision = precision
  }

  func aligner() throws -> SpeechAligner {
    try loaded.withLock { loaded in
      if let aligner = loaded.aligner { return aligner }
      let package = try speech(&loaded)
      let aligner = try Precision.$current.withValue(precision) {
        try SpeechAligner(package: package)
      }
      loaded.aligner = aligner
      return aligner
    }
  }

  func tempo() throws -> SpeechTempo {
    try loaded.withLock { loaded in
      if let tempo = loaded.tempo { return tempo }
      let package = try speech(&loaded)
      let tempo = try Precision.$current.withValue(precision) { try SpeechTempo(package: package) }
      loaded.tempo = tempo
      return tempo
    }
  }

  func filler() throws -> SpeechFiller {
    try loaded.withLock { loaded in
      if let filler = loaded.filler { return filler }
      let package = try speech(&loaded)
      let voice = try store.package(kind: Self.voiceKind)
      let filler = try Precision.$current.withValue(precision) {
        try SpeechFiller(speech: package, music: voice)
      }
      (loaded.filler, loaded.voice) = (filler, voice)
      return filler
    }
  }

  /// The phonemes that all networks of the package know.
  func inventory() throws -> PhonemeInventory {
    let symbols = try loaded.withLock {
      try speech(&$0).decode([String].self, from: "symbols")
    }
    return PhonemeInventory(symbols: symbols)
  }

  /// What the package's `defaults` say about transcripts.
  private struct Defaults: Decodable {
    let leastFit: Double

    private enum CodingKeys: String, CodingKey {
      case leastFit = "least_fit"
    }
  }

  /// The least that words must fit the sound: see ``AlignedSpeech/mismatch(leastFit:in:)``.
  func leastFit() throws -> Double {
    try loaded.withLock { try speech(&$0).decode(Defaults.self, from: "defaults").leastFit }
  }

  /// The packages that fills use, once all their files were found to be what they should be.
  func verified() throws -> [LoadedModel] {
    try [Self.packageKind, Self.voiceKind].map { kind in
      let package = try store.package(kind: kind)
      try package.verify()
      return LoadedModel(package)
    }
  }

  var used: [LoadedModel] {
    loaded.withLock { [$0.package, $0.voice].compactMap(\.self).map(LoadedModel.init) }
  }

  private func speech(_ loaded: inout Loaded) throws -> ModelPackage {
    if let package = loaded.package { return package }
    let package = try store.package(kind: Self.packageKind)
    loaded.package = package
    return package
  }
}
