import Foundation

/// What can be guessed of a gap's frames without a network: near its ends a straight line across it,
/// farther in the echo of the speaker's heard frames of the same phoneme. All values are log-mel.
///
/// Source: `interpolated`, `distance` and `Painter.forward` in Models/training/speech/networks.py.
struct SpeechGuess {
  let bands: Int
  let gap: [Bool]
  let places: [PhonemePlace]
  let memory: SpeechMemory
  /// `[T, bands]`; what lies in the gap is ignored.
  let mel: [Float]

  /// The straight line counts e-fold less with each of so many frames from what is heard.
  private static let lineFrames: Float = 4

  /// The straight line across the gap at a frame; a gap at an end keeps the value of its other side,
  /// and a heard frame is itself.
  func line(_ frame: Int) -> [Float] {
    guard let (left, right) = neighbours(of: frame) else { return row(frame) }
    let part = Float(frame - left) / Float(max(1, right - left))
    return zip(row(left), row(right)).map { $0 * (1 - part) + $1 * part }
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
