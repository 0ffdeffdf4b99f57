import Foundation
import Transcripts

/// What is to be filled, and how.
public struct FillOptions: Sendable, Equatable, Codable {
  /// Where the gaps are.
  public enum Gaps: Sendable, Equatable, Codable {
    case given([TimeRange])
    /// Damage that is found in the recording.
    case automatic
    /// Where the transcript has words in `[brackets]`.
    case marked
  }

  public var gaps: Gaps
  public var method = FillMethod.auto
  /// Chooses the noise in the voice.
  public var seed: UInt64 = 0
  /// Whether existing files may be replaced. The input never is.
  public var overwrite = false

  public init(gaps: Gaps) { self.gaps = gaps }
}

extension FillOptions.Gaps {
  /// Gaps as users name them: stretches of time, or `auto` alone.
  ///
  /// Nil without any text: see ``init(markedIn:)``.
  /// - Throws: ``EditError``
  public init?(_ texts: [String]) throws {
    if texts.isEmpty { return nil }
    guard texts.contains("auto") else {
      self = .given(try texts.map { try TimeRange($0) })
      return
    }
    guard texts.count == 1 else {
      throw EditError.option(
        name: "--gap", value: texts.joined(separator: " "), allowed: "auto alone, or the gaps")
    }
    self = .automatic
  }

  /// What is filled unless somebody names the gaps: those that a transcript has words in `[brackets]`
  /// for, or else damage that is found.
  public init(markedIn transcript: Transcript) {
    self = transcript.words.contains(where: \.isMissing) ? .marked : .automatic
  }
}

/// How a gap is filled.
public enum FillMethod: String, Sendable, Codable, CaseIterable {
  /// By its length: see ``GapFiller/continuedSeconds``.
  case auto
  /// What the transcript says is spoken by the networks.
  case speak
  /// The sound on both sides goes on by linear prediction; what is said counts not.
  case `continue`
}

/// What `--replace` did.
public struct Replacement: Sendable, Codable, Equatable {
  public let old: String
  public let new: String
  /// Where the old words were in the input.
  public let oldStartSeconds: Double
  public let oldEndSeconds: Double
  /// What the user said when asked for the speaker's consent.
  public var consent = "the user declared to have the speaker's consent"
}

/// A gap and what is said in it.
public struct GapReport: Sendable, Codable, Equatable {
  public let kind: GapKind
  public let startSeconds: Double
  public let endSeconds: Double
  /// Words of the transcript that lie in it, wholly or partly.
  public let words: [String]
  /// False for damage in which nothing is said: it is left as it is.
  public let isFilled: Bool
  /// How it is filled.
  public var method = FillMethod.speak

  /// For people, such as "1.200-1.850  dropout  to order".
  public var line: String {
    let place = String(format: "%.3f-%.3f", startSeconds, endSeconds)
    let said = isFilled ? words.joined(separator: " ") : "nothing is said there; left as it is"
    return "\(place)  \(kind.rawValue)  \(said)"
  }
}

/// What a filling did: returned, and written beside the output as `OUT.aedit.json`.
public struct FillReport: Sendable, Codable, Equatable {
  public var program = "aedit"
  public var version = SongEditor.version
  public var operation = "fill"
  public var input: String
  public var output: String
  public var gaps: [GapReport]
  public var seed: UInt64
  public var models: [LoadedModel]
  /// How the output follows from the input.
  public var formula = "out = in outside of the gaps"
  /// Cross-fades inside of the gaps' ends, seconds.
  public var fadeSeconds = PatchJoint.fadeSeconds
  /// Samples held at full scale.
  public var clippedSamples: Int
  /// Share of the samples that differ, 0...1.
  public var changedShare: Double
  /// False when the output is a bit-identical copy.
  public var changed: Bool
  /// Words that the speaker has not said.
  public var replacement: Replacement?
  public var warnings: [String]

  /// As readable JSON with sorted keys, ending in a line feed.
  public var json: Data { reportJSON(self) }

  /// For people: a line for each gap, and what to know of the result.
  public var notes: [String] { gaps.map(\.line) + warnings.map { "note: \($0)" } }
}
