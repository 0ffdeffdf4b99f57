import AudioFiles
import Foundation
import Instructions

/// Which kind of model makes the stem.
public enum EditMethod: String, Sendable, Codable, CaseIterable {
  /// Masks for remove and extract, diffusion for add.
  case auto
  /// The recording's own spectrum under a mask; not for add.
  case mask
  /// Sampled by the generative model, also for remove and extract: these then return the model's
  /// mono re-synthesis of what shall stay, not the recording itself.
  case diffusion
  /// The recording's own spectrum moved up, at levels that a network tells: for restored highs, which
  /// nothing else can do.
  case bands
  /// The song's own sound from another place: for filled gaps, which nothing else can do.
  case copy
}

/// How an edit is done; the defaults are what the model package recommends.
public struct EditOptions: Sendable, Equatable, Codable {
  /// Chooses among the many stems that the generative model can make.
  public var seed: UInt64 = 0
  /// Sampling steps; nil for the package's default.
  public var steps: Int?
  /// Weight of the text against the negative direction; nil for the package's default.
  public var guidance: Double?
  /// Beginnings of a generated stem to choose among by how they sound; nil for the package's default.
  public var takes: Int?
  /// What the generated stem shall not sound like.
  public var negative: String?
  /// What a generated stem plays, such as "C G Am F": one a bar and over again; nil for the song's own
  /// chords.
  public var chords: String?
  /// For add the factor of the stem; for remove and extract the share that is done, 0...1.
  public var strength: Double = 1
  /// Limits all steps to this stretch (and to their own, if they have one).
  public var region: TimeRange?
  public var method: EditMethod = .auto
  /// Scales the whole song where the sum would pass full scale, rather than the stem.
  public var headroom = false
  /// Writes the stem here, as 32-bit float WAV.
  public var saveStem: String?
  /// Whether existing files may be replaced. The input never is.
  public var overwrite = false

  public init() {}

  /// - Throws: ``EditError/option(name:value:allowed:)``
  func chordLine() throws -> [Chord]? {
    do {
      return try chords.map { try Chord.line($0) }
    } catch let error as ChordError {
      throw EditError.option(
        name: "--chords", value: "\"\(error.text.prefix(40))\"",
        allowed: "up to \(Chord.longestLine) major and minor chords, one for each bar, such as "
          + "\"C G Am F#m7\", with N for a bar without one")
    }
  }

  /// - Throws: ``EditError/option(name:value:allowed:)``
  func validate() throws {
    _ = try chordLine()
    func check(_ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ text: String)
      throws
    {
      if !holds { throw EditError.option(name: name, value: "\(value)", allowed: text) }
    }
    if let steps { try check((1...1000).contains(steps), "--steps", steps, "1 to 1000") }
    if let guidance {
      try check((0...30).contains(guidance), "--guidance", guidance, "0 to 30")
    }
    if let takes { try check((1...100).contains(takes), "--takes", takes, "1 to 100") }
    try check(strength >= 0 && strength <= 10, "--strength", strength, "0 to 10")
  }
}

/// How far an edit has come.
public struct EditProgress: Sendable, Equatable {
  /// 0...1 of the whole edit.
  public let fraction: Double
  /// What is being done, such as "making the guitar".
  public let activity: String

  public init(fraction: Double, activity: String) {
    self.fraction = fraction
    self.activity = activity
  }
}

/// Takes the same frames of a song before and after its edit, block by block from the start.
public typealias SongListener = (_ before: AudioBlock, _ after: AudioBlock) -> Void

/// Called often while an edit runs; throwing ends the edit and leaves no file behind.
public typealias ProgressHandler = (EditProgress) throws -> Void
