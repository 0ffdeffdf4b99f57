import Autoencoders
import Checkpoints
import Signal
import Tensors
import Vocoders

/// The default music models: a package of kind "music", as Models/training/music/package.py
/// assembles it. Each network is loaded by the call that needs it.
public struct MusicPackage: Sendable {
  public static let kind = "music"

  /// What was chosen on the dev split.
  struct Defaults: Decodable {
    let presenceThreshold: Float
    let steps: Int
    let guidance: Float

    private enum CodingKeys: String, CodingKey {
      case steps, guidance
      case presenceThreshold = "presence_threshold"
    }
  }

  private let package: ModelPackage
  private let precision: Precision
  private let defaults: Defaults
  /// The stems that the networks were taught.
  public let targets: [String]

  /// - Throws: `CheckpointError`
  public init(_ package: ModelPackage, precision: Precision) throws {
    self.package = package
    self.precision = precision
    defaults = try package.decode(Defaults.self, from: "defaults")
    targets = try package.decode([String].self, from: "targets")
  }

  /// The mask network.
  /// - Throws: `CheckpointError`, `SignalError`
  public func masker() throws -> MaskNetMasker {
    let config = try package.decode(MaskNetConfig.self, from: "config", "mask")
    let network = try network("mask") { try MaskNet($0, config: config) }
    return MaskNetMasker(
      network, targets: targets, presenceThreshold: defaults.presenceThreshold)
  }

  /// Autoencoder, stem editor and vocoder.
  /// - Throws: `CheckpointError`, `SignalError`
  public func generator() throws -> LatentGenerator {
    let vae = try package.decode(MelVAEConfig.self, from: "config", "vae")
    let editor = try package.decode(StemEditorConfig.self, from: "config", "editor")
    let vocoder = try package.decode(VocoderConfig.self, from: "config", "vocoder")
    return LatentGenerator(
      vae: try network("vae") { try MelVAE($0, config: vae) },
      editor: try network("editor") { try StemEditor($0, config: editor) },
      vocoder: try network("vocoder") { try Vocoder($0, config: vocoder) },
      defaults: SamplingSettings(steps: defaults.steps, guidance: defaults.guidance))
  }

  private func network<Network>(
    _ component: String, _ build: (WeightScope) throws -> Network
  ) throws -> Network {
    let weights = try package.weights(of: component)
    let network = try Precision.$current.withValue(precision) { try build(weights) }
    try weights.finish()
    return network
  }
}
