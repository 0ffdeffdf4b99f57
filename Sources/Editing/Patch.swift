import AudioFiles
import Foundation
import Signal

/// A stretch of a recording with other samples.
struct Patch {
  let frames: Range<Int>
  let block: AudioBlock
}

/// How a patch begins and ends: each channel goes on as linear prediction makes it of the sound beside
/// the gap, and fades into the patch's own.
struct PatchJoint {
  static let fadeSeconds = 0.01
  /// The sound from which it is continued.
  private static let pastSeconds = 0.04
  private static let predictorOrder = 48

  private let fade: Int
  private let past: Int

  init(sampleRate: Double) {
    fade = Int(Self.fadeSeconds * sampleRate)
    past = Int(Self.pastSeconds * sampleRate)
  }

  /// - Parameters:
  ///   - line: a channel's new samples in the gap.
  ///   - before, after: the channel's samples on both sides; none at the recording's ends.
  func join(_ line: inout [Double], before: ArraySlice<Double>, after: ArraySlice<Double>) {
    lead(&line, from: Array(before.suffix(past)))
    line.reverse()
    lead(&line, from: after.prefix(past).reversed())
    line.reverse()
  }

  private func lead(_ line: inout [Double], from past: [Double]) {
    guard !past.isEmpty else { return }
    let fade = min(fade, line.count / 2)
    let predictor = LinearPredictor(past, order: Self.predictorOrder)
    for (index, value) in predictor.continuing(past, count: fade).enumerated() {
      let part = 0.5 - 0.5 * cos(Double.pi * (Double(index) + 0.5) / Double(fade))
      line[index] = line[index] * part + value * (1 - part)
    }
  }
}

extension SongReader {
  /// Frames of a song of this kind, with silence beyond its ends.
  func window(_ range: Range<Int>, of info: AudioInfo) throws -> AudioBlock {
    let count = info.frameCount
    let inner = max(0, range.lowerBound)..<max(0, min(count, range.upperBound))
    var block = AudioBlock(
      channelCount: info.channelCount, silentFrames: inner.lowerBound - range.lowerBound)
    block.append(try read(inner))
    block.append(
      AudioBlock(channelCount: info.channelCount, silentFrames: range.count - block.frameCount))
    return block
  }
}

extension AudioBlock {
  /// One channel's samples as they are.
  func line(_ channel: Int) -> [Double] {
    (0..<frameCount).map { samples[$0 * channelCount + channel] }
  }
}
