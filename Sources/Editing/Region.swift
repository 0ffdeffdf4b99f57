/// The frames of a song that an edit may change, with a short fade inside of its edges.
struct Region: Equatable {
  /// Length of the linear fades, seconds.
  static let fadeSeconds = 0.02

  let frames: Range<Int>
  private let fadeIn: Int
  private let fadeOut: Int

  /// Where the region meets the song's start or end nothing is faded.
  /// - Parameter frames: within `0..<songFrames`.
  init(_ frames: Range<Int>, songFrames: Int, sampleRate: Int) {
    self.frames = frames
    let fade = max(1, min(Int(Self.fadeSeconds * Double(sampleRate)), frames.count / 2))
    fadeIn = frames.lowerBound > 0 ? fade : 0
    fadeOut = frames.upperBound < songFrames ? fade : 0
  }

  /// Start and end in seconds.
  func seconds(rate: Int) -> [Double] {
    [frames.lowerBound, frames.upperBound].map { Double($0) / Double(rate) }
  }

  /// 1 inside, 0 outside, linear in the fades.
  @inline(__always)
  func envelope(at frame: Int) -> Double {
    guard frames.contains(frame) else { return 0 }
    let fromStart = frame - frames.lowerBound
    let toEnd = frames.upperBound - 1 - frame
    if fromStart < fadeIn { return (Double(fromStart) + 0.5) / Double(fadeIn) }
    if toEnd < fadeOut { return (Double(toEnd) + 0.5) / Double(fadeOut) }
    return 1
  }
}

/// A stretch of a song in seconds, as users write it: `0:12-0:20`, `1:02:03-1:03:00`, `12.5-20`,
/// `30-` (until the end), `-30` (from the start).
public struct TimeRange: Equatable, Sendable, Codable {
  public var startSeconds: Double
  /// Infinity for the end of the song.
  public var endSeconds: Double

  public init(startSeconds: Double, endSeconds: Double) {
    self.startSeconds = startSeconds
    self.endSeconds = endSeconds
  }

  /// - Throws: ``EditError/region(text:reason:)``
  public init(_ text: String) throws {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, !(parts[0].isEmpty && parts[1].isEmpty) else {
      throw EditError.region(text: text, reason: "write it as START-END, such as 0:12-0:20")
    }
    startSeconds = try parts[0].isEmpty ? 0 : Self.seconds(parts[0], in: text)
    endSeconds = try parts[1].isEmpty ? .infinity : Self.seconds(parts[1], in: text)
    guard startSeconds < endSeconds else {
      throw EditError.region(text: text, reason: "it ends before it starts")
    }
  }

  private static func seconds(_ part: Substring, in text: String) throws -> Double {
    let fields = part.split(separator: ":", omittingEmptySubsequences: false)
    let values = fields.compactMap { field -> Double? in
      guard field.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
      return Double(field)
    }
    guard values.count == fields.count, (1...3).contains(values.count),
      values.dropFirst().allSatisfy({ $0 < 60 })
    else {
      throw EditError.region(
        text: text, reason: "'\(part)' is no time; write seconds, m:ss or h:mm:ss")
    }
    return values.reduce(0) { $0 * 60 + $1 }
  }

  /// The frames it covers.
  /// - Throws: ``EditError/region(text:reason:)`` when none of them lie in the song.
  func frames(songFrames: Int, sampleRate: Int) throws -> Range<Int> {
    let end = endSeconds * Double(sampleRate)
    let last = end < Double(songFrames) ? Int(end.rounded()) : songFrames
    let first = Int(min(startSeconds * Double(sampleRate), Double(songFrames)).rounded())
    guard first < last else {
      let length = Self.clock(Double(songFrames) / Double(sampleRate))
      throw EditError.region(text: description, reason: "the song ends at \(length)")
    }
    return first..<last
  }

  /// `m:ss` or `m:ss.mmm`.
  public static func clock(_ seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded())
    let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000)
    let whole = rest / 1000 < 10 ? "0\(rest / 1000)" : "\(rest / 1000)"
    guard rest % 1000 > 0 else { return "\(minutes):\(whole)" }
    let digits = String(rest % 1000)
    return "\(minutes):\(whole).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
  }
}

extension TimeRange: CustomStringConvertible {
  public var description: String {
    Self.clock(startSeconds) + "-" + (endSeconds.isFinite ? Self.clock(endSeconds) : "")
  }
}
