import AudioFiles
import Transcripts

/// Which gaps of a recording are filled, and with which of the transcript's words.
struct GapPlan {
  /// In their order, without overlap.
  var gaps: [Gap]
  /// The transcript's words; those in gaps have their times there.
  var speech: AlignedSpeech
  var reports: [GapReport]
  var warnings: [String] = []

  /// Gaps that are longer than this come with a warning, seconds.
  private static let unsureSeconds = 1.5
  /// Shortest gap, seconds.
  private static let shortestSeconds = 0.005

  /// - Throws: ``EditError``, `LayerError`
  init(
    _ found: [Gap], speech aligned: AlignedSpeech, rate: Int, timing: GapTiming,
    method: FillMethod
  ) throws {
    gaps = found
    speech = aligned
    reports = []
    let places = found.map {
      Double($0.frames.lowerBound) / Double(rate)...Double($0.frames.upperBound) / Double(rate)
    }
    try timing.apply(to: &speech, gaps: places)
    var kept: [Gap] = []
    for (gap, seconds) in zip(found, places) {
      let words = speech.words.filter { word in
        word.phones.contains { $0.end > seconds.lowerBound && $0.start < seconds.upperBound }
      }
      let way = method.resolved(for: gap.frames, rate: rate)
      // What is continued needs no words.
      let isFilled =
        !words.isEmpty || gap.kind == .given || gap.kind == .marked || way == .continue
      reports.append(
        GapReport(
          kind: gap.kind, startSeconds: seconds.lowerBound, endSeconds: seconds.upperBound,
          words: words.map(\.text.text), isFilled: isFilled,
          method: way))
      guard isFilled else { continue }
      kept.append(gap)
      try gap.checkLength(rate: rate)
      if seconds.upperBound - seconds.lowerBound > Self.unsureSeconds {
        warnings.append(
          "the gap \(gap.place(rate: rate)) is longer than \(Self.unsureSeconds) s: what is spoken there may be unclear"
        )
      }
    }
    gaps = kept
  }

  /// Gaps that the user names, joined where they touch.
  /// - Throws: ``EditError/region(text:reason:)``
  static func given(_ ranges: [TimeRange], in info: AudioInfo) throws -> [Gap] {
    var found: [Gap] = []
    for range in ranges.sorted(by: { $0.startSeconds < $1.startSeconds }) {
      let frames = try range.frames(songFrames: info.frameCount, sampleRate: info.sampleRate)
      guard Double(frames.count) >= shortestSeconds * Double(info.sampleRate) else {
        throw EditError.region(text: "\(range)", reason: "it is shorter than \(shortestSeconds) s")
      }
      if let last = found.last, frames.lowerBound <= last.frames.upperBound {
        found[found.count - 1].frames =
          last.frames.lowerBound..<max(last.frames.upperBound, frames.upperBound)
      } else {
        found.append(Gap(kind: .given, frames: frames))
      }
    }
    return found
  }

  /// The gaps between the words around `[brackets]`: the damage that is found there, else all that
  /// lies between them.
  ///
  /// - Parameters:
  ///   - heard: the words outside of the brackets, with their times.
  ///   - damage: what was found in the recording.
  /// - Throws: ``EditError/transcript(reason:)`` where there is no room between the words.
  static func marked(
    _ transcript: Transcript, heard: AlignedSpeech, damage: [Gap], in info: AudioInfo
  ) throws -> [Gap] {
    let rate = Double(info.sampleRate)
    var (found, index) = ([Gap](), 0)
    var times = heard.words[...]
    var last = 0.0
    while index < transcript.words.count {
      guard transcript.words[index].isMissing else {
        if times.first?.text == transcript.words[index] { last = times.removeFirst().end }
        index += 1
        continue
      }
      let first = index
      while index < transcript.words.count, transcript.words[index].isMissing { index += 1 }
      let next = times.first?.start ?? heard.seconds
      let between = Int(last * rate)..<max(Int(last * rate), Int(next * rate))
      let reach = Int(0.3 * rate)
      let wide = max(0, between.lowerBound - reach)..<between.upperBound + reach
      let hit = damage.filter { $0.frames.overlaps(wide) }.max { $0.frames.count < $1.frames.count }
      let frames = hit?.frames ?? between
      guard Double(frames.count) >= shortestSeconds * rate else {
        throw EditError.transcript(
          reason: "no gap is there for '[\(transcript.words[first].text)' (word \(first + 1)) at "
            + TimeRange.clock(last))
      }
      if let former = found.last, frames.lowerBound < former.frames.upperBound { continue }
      found.append(Gap(kind: .marked, frames: frames))
    }
    guard !found.isEmpty else {
      throw EditError.transcript(reason: "it marks no gap; put what is missing in [brackets]")
    }
    return found
  }
}

extension Gap {
  func place(rate: Int) -> TimeRange {
    TimeRange(
      startSeconds: Double(frames.lowerBound) / Double(rate),
      endSeconds: Double(frames.upperBound) / Double(rate))
  }

  /// - Throws: ``EditError/region(text:reason:)`` for a gap that is too long to be filled.
  func checkLength(rate: Int) throws {
    guard Double(frames.count) <= GapFiller.longestSeconds * Double(rate) else {
      throw EditError.region(
        text: "\(place(rate: rate))", reason: "gaps may last \(GapFiller.longestSeconds) s at most")
    }
  }
}
