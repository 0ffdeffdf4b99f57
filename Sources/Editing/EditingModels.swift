import Editors
import Instructions

/// The models that edits need, loaded when they are first asked for; any thread may ask.
public protocol EditingModels: AnyObject, Sendable {
  /// For remove, extract and stems; the one that knows `target`.
  func masker(for target: String) throws -> any StemMasker
  /// For add, and for `--method diffusion`; the one that knows `target`.
  func generator(for target: String) throws -> any StemGenerator
  /// For restored highs.
  func trebleEstimator() throws -> any TrebleEstimator
  /// The stems that the music model finds in songs, by name.
  func targets() throws -> [String]
  /// The stems that it makes.
  func madeTargets() throws -> [String]
  /// The parts of recordings that the sound model finds, by name.
  /// - Throws: `CheckpointError` when none is installed.
  func soundTargets() throws -> [String]
  /// The sounds that it makes.
  /// - Throws: as ``soundTargets()``.
  func madeSounds() throws -> [String]
  /// What an instruction asks for.
  func plan(_ instruction: String) throws -> EditPlan
  /// States of a text, for both.
  func states(of text: String) throws -> TextStates
  /// What was loaded so far.
  var used: [LoadedModel] { get }
  /// The packages that would be loaded, once all their files were found to be what they should be.
  func verified() throws -> [LoadedModel]
}

/// A model package, or a LoRA, that took part in an edit.
public struct LoadedModel: Sendable, Codable, Equatable {
  public let name: String
  public let version: String
  public let licence: String
  /// SHA-256 by file name.
  public let hashes: [String: String]

  public init(name: String, version: String, licence: String, hashes: [String: String]) {
    self.name = name
    self.version = version
    self.licence = licence
    self.hashes = hashes
  }
}
