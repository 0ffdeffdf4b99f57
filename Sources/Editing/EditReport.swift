import Editors

/// What one step of a plan did.
public struct StepReport: Sendable, Codable, Equatable {
  public let operation: String
  public let target: String
  public let attributes: [String]
  /// Seconds that may have changed.
  public let region: [Double]
  /// Of the reading of the instruction, 0...1.
  public let confidence: Double
  /// The text that the model was given; empty where it takes none.
  public let prompt: String
  /// "mask", "diffusion", "bands" or "copy".
  public let method: String
  /// "out = in + stem", "out = in - stem", "out = stem" or "out = in outside of the region".
  public let formula: String
  /// How sure the masker is that the stem is there at all, 0...1.
  public internal(set) var presence: Double?
  /// Integrated loudness (BS.1770) of stem, song and change in the region; absent for silence.
  public let stemLUFS: Double?
  public let songLUFS: Double?
  /// Loudness of what changed relative to the song, LU.
  public internal(set) var changeLU: Double?
  /// Level correction of the stem in all, and the part of it that keeps the sum under full scale.
  public internal(set) var gainDB: Double
  public internal(set) var loweredDB: Double
  /// False when the change lies so far under the song that nobody hears it (50 LU; restored highs 70):
  /// the step then does nothing.
  public internal(set) var audible: Bool
  /// Where the song's treble ended, Hz, for restored highs.
  public var cutoffHz: Double?
  /// Where a filled gap's sound comes from, seconds, and how much the sound around there differs from
  /// that around the gap, dB.
  public var copiedFrom: Double?
  public var unlikenessDB: Double?
  /// What the sound was said to be before, where a published model changed it.
  public var source: String?
}

/// What an edit did: returned, and written beside the output as `OUT.aedit.json`.
public struct EditReport: Sendable, Codable, Equatable {
  public var program = "aedit"
  public var version: String
  public var input: String
  public var output: String
  public var instruction: String
  public var steps: [StepReport]
  public var seed: UInt64
  public var samplingSteps: Int?
  public var guidance: Double?
  public var takes: Int?
  public var negative: String?
  public var strength: Double
  public var models: [LoadedModel]
  public var savedStem: String?
  /// How the output follows from input and saved stem; samples are rounded to the output's depth.
  public var formula: String
  /// Linear fades inside of a region's edges, seconds.
  public var fadeSeconds: Double
  /// Factor of the whole song under `--headroom`.
  public var headroomGain: Double
  /// Samples held at full scale.
  public var clippedSamples: Int
  /// Share of the song's samples that differ, 0...1.
  public var changedShare: Double
  /// False when the output is a bit-identical copy.
  public var changed: Bool
  public var warnings: [String]
}
