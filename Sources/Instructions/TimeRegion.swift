/// A moment of a song whose length may not be known yet.
public enum TimePoint: Equatable, Sendable {
  /// Seconds from the start.
  case fromStart(Double)
  /// Seconds before the end; 0 is the end itself.
  case fromEnd(Double)
  /// A share of the song's length, 0 to 1.
  case fraction(Double)

  public static let start = TimePoint.fromStart(0)
  public static let end = TimePoint.fromEnd(0)

  /// Seconds from the start of a song of this length; may lie outside of it.
  public func seconds(durationSeconds: Double) -> Double {
    switch self {
    case .fromStart(let seconds): seconds
    case .fromEnd(let seconds): durationSeconds - seconds
    case .fraction(let share): share * durationSeconds
    }
  }
}

/// A stretch of a song.
///
/// As JSON it is `[start, end]` in seconds. Where the song's length is not known, a time before the
/// end is negative, the end itself is `null`, and a share of the length is a text like `"50%"`.
public struct TimeRegion: Equatable, Sendable {
  public var start: TimePoint
  public var end: TimePoint

  public init(start: TimePoint, end: TimePoint) {
    self.start = start
    self.end = end
  }

  /// Whether this is the whole song.
  public var isWhole: Bool { start == .start && end == .end }

  /// The region in seconds of a song, cut to its length.
  ///
  /// - Throws: ``InstructionError/region(_:)`` when nothing of the song lies in it.
  public func resolved(durationSeconds: Double) throws -> ClosedRange<Double> {
    let from = max(0, start.seconds(durationSeconds: durationSeconds))
    let to = min(durationSeconds, end.seconds(durationSeconds: durationSeconds))
    guard from < durationSeconds else {
      throw InstructionError.region(
        "the region starts at \(clockText(from)), but the song ends at \(clockText(durationSeconds))"
      )
    }
    guard from < to else {
      throw InstructionError.region(
        "the region ends at \(clockText(to)), before it starts at \(clockText(from))")
    }
    return from...to
  }

  /// Refuses regions that end before they start, as far as that shows without the song's length.
  func checked() throws -> TimeRegion {
    let isForward =
      switch (start, end) {
      case (.fromStart(let from), .fromStart(let to)): from < to
      case (.fromEnd(let from), .fromEnd(let to)): from > to
      case (.fraction(let from), .fraction(let to)): from < to
      default: true
      }
    guard isForward else {
      throw InstructionError.region("the region ends before it starts; name the earlier time first")
    }
    return self
  }
}

/// Seconds as `m:ss`, with tenths where there are any.
func clockText(_ seconds: Double) -> String {
  let tenths = Int((max(0, seconds) * 10).rounded())
  let (minutes, rest) = (tenths / 600, tenths % 600)
  let whole = "\(minutes):" + (rest < 100 ? "0" : "") + "\(rest / 10)"
  return rest % 10 == 0 ? whole : whole + ".\(rest % 10)"
}

extension TimeRegion: Codable {
  private enum Bound: Codable {
    case seconds(Double)
    case share(Double)
    case end

    init(_ point: TimePoint) {
      self =
        switch point {
        case .fromStart(let seconds): .seconds(seconds)
        case .fromEnd(0): .end
        case .fromEnd(let seconds): .seconds(-seconds)
        case .fraction(let share): .share(share)
        }
    }

    var point: TimePoint {
      switch self {
      case .seconds(let value): value < 0 ? .fromEnd(-value) : .fromStart(value)
      case .share(let value): .fraction(value)
      case .end: .end
      }
    }

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .end
      } else if let seconds = try? value.decode(Double.self) {
        self = .seconds(seconds)
      } else {
        let text = try value.decode(String.self)
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()) else {
          throw DecodingError.dataCorruptedError(in: value, debugDescription: "no share: \(text)")
        }
        self = .share(percent / 100)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      switch self {
      case .seconds(let seconds): try value.encode(seconds)
      case .share(let share): try value.encode("\((share * 1000).rounded() / 10)%")
      case .end: try value.encodeNil()
      }
    }
  }

  public init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    start = try list.decode(Bound.self).point
    end = try list.decode(Bound.self).point
  }

  public func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    try list.encode(Bound(start))
    try list.encode(Bound(end))
  }
}
