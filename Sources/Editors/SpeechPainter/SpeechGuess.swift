import Foundation

/// Where a frame's middle lies in its phoneme.
struct PhonemePlace: Equatable {
  /// 0 between phonemes.
  let phoneme: Int
  /// Frames since its start and until its end.
  let since: Float
  let until: Float

  init(of frame: Int, in phonemes: [TimedPhoneme]) {
    let middle = Float(frame) + 0.5
    let found = phonemes.first { $0.start <= middle && middle < $0.end }
    phoneme = found?.phoneme ?? 0
    since = found.map { middle - $0.start } ?? 0
    until = found.map { $0.end - middle } ?? 0
  }

  /// What the network is told of it, in tens of frames.
  var reach: [Float] { [since / 10, until / 10] }

  /// 0 at its phoneme's start, 1 at its end.
  var part: Float { since / max(0.001, since + until) }
}

/// What can be guessed of a gap's frames without a network: near its ends a straight line across it,
/// farther in the echo of the speaker's heard frames of the same phoneme.
///
/// Source: `interpolated`, `voice_mean`, `echoed` and `Painter.forward` in
/// Models/training/speech/networks.py.
struct SpeechGuess {
  let bands: Int
  let gap: [Bool]
  let places: [PhonemePlace]
  /// Scaled log-mel `[T, bands]`; what lies in the gap is ignored.
  private let mel: [Float]
  /// The mean of the heard frames in which something is spoken, `[bands]`.
  private let mean: [Float]

  /// How far apart places in a phoneme may lie (1 is its length), and the weight of the voice's mean
  /// in frames.
  private static let echoWidth: Float = 0.2, echoPrior: Float = 1
  /// The straight line counts e-fold less with each of so many frames from what is heard.
  private static let lineFrames: Float = 4

  init(mel: [Float], bands: Int, gap: [Bool], places: [PhonemePlace]) {
    (self.mel, self.bands, self.gap, self.places) = (mel, bands, gap, places)
    let heard = gap.indices.filter { !gap[$0] }
    let voice = heard.filter { places[$0].phoneme > 0 }
    let counted = voice.isEmpty ? heard : voice
    var sum = [Float](repeating: 0, count: bands)
    for frame in counted {
      for band in 0..<bands { sum[band] += mel[frame * bands + band] }
    }
    mean = sum.map { $0 / Float(max(1, counted.count)) }
  }

  /// A frame `[bands]` as the network sees it: relative to the voice's mean spectrum.
  func relative(_ frame: [Float]) -> [Float] { zip(frame, mean).map { $0 - $1 } }

  /// The straight line across the gap at a frame; a gap at an end keeps the value of its other side,
  /// and a heard frame is itself.
  func line(_ frame: Int) -> [Float] {
    guard let (left, right) = neighbours(of: frame) else { return row(frame) }
    let part = Float(frame - left) / Float(max(1, right - left))
    return zip(row(left), row(right)).map { $0 * (1 - part) + $1 * part }
  }

  /// The mean of the heard frames of a frame's phoneme, weighted by how near they lie within it.
  func echo(_ frame: Int) -> [Float] {
    let (phoneme, part) = (places[frame].phoneme, places[frame].part)
    var sum = mean.map { $0 * Self.echoPrior }
    var total = Self.echoPrior
    for other in gap.indices where !gap[other] && places[other].phoneme == phoneme {
      let away = (part - places[other].part) / Self.echoWidth
      let weight = exp(-0.5 * away * away)
      total += weight
      for band in 0..<bands { sum[band] += weight * mel[other * bands + band] }
    }
    return sum.map { $0 / total }
  }

  /// Line and echo of a frame by its distance from what is heard.
  func base(_ frame: Int, echo: [Float]) -> [Float] {
    let share = exp(-distance(of: frame) / Self.lineFrames)
    return zip(line(frame), echo).map { $0 * share + $1 * (1 - share) }
  }

  private func row(_ frame: Int) -> [Float] { Array(mel[frame * bands..<(frame + 1) * bands]) }

  /// The nearest heard frames on both sides, equal where there is one side only.
  private func neighbours(of frame: Int) -> (left: Int, right: Int)? {
    let before = gap[...frame].lastIndex(of: false)
    let after = gap[frame...].firstIndex(of: false)
    guard let left = before ?? after, let right = after ?? before else { return nil }
    return (left, right)
  }

  private func distance(of frame: Int) -> Float {
    // Where nothing is heard at all, the line is no guess.
    guard let (left, right) = neighbours(of: frame) else { return .infinity }
    return Float(min(abs(frame - left), abs(right - frame)))
  }
}
