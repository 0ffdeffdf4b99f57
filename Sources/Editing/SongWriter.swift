import AudioFiles
import Foundation

/// The last pass: writes the edited song, and the stem beside it.
struct SongWriter {
  let input: Song
  let edited: Song
  /// The one edit between the two, when it is one; then its very stem is saved.
  let mix: StemMix?
  let output: String
  let stemPath: String?
  let overwrite: Bool

  struct Outcome {
    var clippedSamples = 0
    /// Share of the samples that differ from the input's.
    var changedShare = 0.0
    var headroomGain = 1.0
    var warnings: [String] = []
  }

  /// Largest peak that every integer format holds.
  private static let fullScale = 1 - 0x1p-15

  /// - Parameter headroom: scales the song down where it would pass full scale.
  func write(
    headroom: Bool, listener: SongListener? = nil, progress: (Double) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome()
    if headroom {
      let peak = try SongLevels(of: edited, progress: { _ in }).peak
      outcome.headroomGain = min(1, Self.fullScale / max(peak, 1e-9))
    }
    let info = input.info
    let writer = try AudioWriter(path: output, like: info, overwrite: overwrite)
    let stemWriter = try stemPath.map {
      try AudioWriter(path: $0, like: info, encoding: .float(bits: 32), overwrite: overwrite)
    }
    var changed = 0
    let (before, after) = (try input.reader(), try edited.reader())
    for piece in (0..<info.frameCount).pieces(of: SongLevels.blockFrames) {
      let original = try before.read(piece)
      let (sum, stem) = try parts(
        original, piece, gain: outcome.headroomGain, edited: { try after.read(piece) })
      let written = Quantiser.quantised(sum, as: writer.plan.encoding).block
      changed += zip(written.samples, original.samples).count { $0 != $1 }
      try writer.write(sum)
      try stemWriter?.write(stem)
      listener?(original, written)
      try progress(Double(piece.upperBound) / Double(info.frameCount))
    }
    outcome.changedShare = Double(changed) / Double(info.frameCount * info.channelCount)
    outcome.clippedSamples = writer.clippedSampleCount
    outcome.warnings = info.notices
    if before.nonFiniteSampleCount > 0 {
      outcome.warnings.append(
        "samples of the song that are no numbers and became silence: "
          + "\(before.nonFiniteSampleCount)")
    }
    outcome.warnings += try writer.commit().map(\.description)
    try stemWriter?.commit()
    return outcome
  }

  /// Some frames of the output and of the stem to save.
  private func parts(
    _ original: AudioBlock, _ range: Range<Int>, gain: Double, edited: () throws -> AudioBlock
  ) throws -> (AudioBlock, AudioBlock) {
    let song = original.scaled(by: gain)
    if let mix {
      let stem = StemMix.singles(try mix.stem(in: range).scaled(by: gain))
      return (mix.mixed(song, with: stem, at: range.lowerBound), stem)
    }
    let after = try edited().scaled(by: gain)
    let change = zip(after.samples, song.samples).map { Double(Float($0 - $1)) }
    return (after, AudioBlock(channelCount: song.channelCount, samples: change))
  }
}

extension AudioBlock {
  /// All samples times a factor; the same bits for 1.
  func scaled(by gain: Double) -> AudioBlock {
    gain == 1
      ? self : AudioBlock(channelCount: channelCount, samples: samples.map { $0 * gain })
  }
}
