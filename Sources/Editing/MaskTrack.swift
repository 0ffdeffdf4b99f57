import Editors
import Signal
import Tensors

/// The masks of some stems along a song, frame after frame.
///
/// The masker sees chunks of 256 frames; neighbours share a quarter, over which one fades linearly into
/// the next, so that no seam remains.
final class MaskTrack {
  static let chunkFrames = 256
  static let overlapFrames = 64

  private let masker: any StemMasker
  private let texts: [TextStates]
  private let sound: SoundStream
  private var features: StereoFeatureStream
  /// Features `[frame][band][3]` from frame `firstFrame` on.
  private var rows: [Float] = []
  private var firstFrame = 0
  /// Whether `rows` holds the last frame.
  private var heardAll = false
  /// Masks `[frame][band][left, right]` of each stem from frame `firstMask` on: finished ones, and behind them
  /// `overlapFrames` of the last chunk that the next one fades into.
  private var masks: [[Float]]
  private var firstMask = 0
  private(set) var finishedFrames = 0
  private(set) var isFinished = false
  /// Highest presence met so far, for each stem.
  private(set) var presence: [Float]

  private var bands: Int { masker.mel.bands }
  /// Numbers of a frame's features, and of its mask.
  private var featureWidth: Int { StereoFeatures.perBand * bands }
  var maskWidth: Int { 2 * bands }

  init(_ masker: any StemMasker, texts: [TextStates], sound: SoundStream) throws {
    self.masker = masker
    self.texts = texts
    self.sound = sound
    features = StereoFeatureStream(try StereoFeatures(masker.mel))
    masks = [[Float]](repeating: [], count: texts.count)
    presence = [Float](repeating: 0, count: texts.count)
  }

  /// Works on until the masks of frame `frame` are finished, or the song ends.
  func advance(past frame: Int) throws {
    while finishedFrames <= frame, !isFinished { try nextChunk() }
  }

  /// Lets go of masks before `frame`.
  func forget(before frame: Int) {
    let count = min(frame, finishedFrames) - firstMask
    guard count > 0 else { return }
    for i in masks.indices { masks[i].removeFirst(count * maskWidth) }
    firstMask += count
  }

  /// The mask `[band][left, right]` of stem `stem` at a fractional frame, interpolated linearly; the
  /// last frame holds beyond the end.
  func mask(of stem: Int, at frame: Double, into out: inout [Float]) {
    let last = Double(finishedFrames - 1)
    let place = min(max(frame, Double(firstMask)), max(last, Double(firstMask)))
    let lower = Int(place)
    let share = Float(place - Double(lower))
    let from = (lower - firstMask) * maskWidth
    let to = share > 0 ? from + maskWidth : from
    masks[stem].withUnsafeBufferPointer { mask in
      for i in 0..<maskWidth { out[i] = mask[from + i] + share * (mask[to + i] - mask[from + i]) }
    }
  }

  // MARK: -

  private func nextChunk() throws {
    try hear(through: chunkStart + Self.chunkFrames)
    let total = firstFrame + rows.count / featureWidth
    let isLast = heardAll && chunkStart + Self.chunkFrames >= total
    // The last chunk reaches back, so that it has its full context.
    let start = isLast ? max(0, min(chunkStart, total - Self.chunkFrames)) : chunkStart
    let end = min(start + Self.chunkFrames, total)
    let chunk = try masks(start..<end)
    for (stem, mask) in chunk.enumerated() { join(mask, of: stem, from: start, to: end) }
    finishedFrames = isLast ? end : end - Self.overlapFrames
    isFinished = isLast
    let kept = max(0, end - Self.chunkFrames)
    rows.removeFirst((kept - firstFrame) * featureWidth)
    firstFrame = kept
  }

  /// Where the next chunk begins when more than one is left.
  private var chunkStart: Int { finishedFrames }

  private func hear(through frame: Int) throws {
    // One frame more tells whether this chunk is the last.
    while !heardAll, firstFrame + rows.count / featureWidth <= frame {
      if let channels = try sound.next() {
        rows += features.push(channels)
      } else {
        rows += features.finish(channelCount: sound.channelCount)
        heardAll = true
      }
    }
  }

  /// Masks of the frames in `range`, silenced where the stem is not present.
  private func masks(_ range: Range<Int>) throws -> [[Float]] {
    let unit = masker.framesPerToken
    let padded = (range.count + unit - 1) / unit * unit
    var values = Array(
      rows[
        (range.lowerBound - firstFrame) * featureWidth..<(range.upperBound - firstFrame)
          * featureWidth])
    for _ in range.count..<padded { values += values.suffix(featureWidth) }
    let mixture = try Tensor(
      values, shape: [padded, bands, StereoFeatures.perBand], name: "features of the song")
    return try masker.masks(of: mixture, named: texts).enumerated().map { stem, found in
      presence[stem] = max(presence[stem], found.presence)
      return found.mask.map { Array($0.floats.prefix(range.count * maskWidth)) }
        ?? [Float](repeating: 0, count: range.count * maskWidth)
    }
  }

  /// Fades the held end of the chunk before into `mask`, which covers frames `start..<end`.
  private func join(_ mask: [Float], of stem: Int, from start: Int, to end: Int) {
    let held = masks[stem].count / maskWidth - (finishedFrames - firstMask)
    var joined = Array(mask[(finishedFrames - start) * maskWidth..<(end - start) * maskWidth])
    let old = (finishedFrames - firstMask) * maskWidth
    for frame in 0..<min(held, end - finishedFrames) {
      let share = (Float(frame) + 0.5) / Float(Self.overlapFrames)
      for i in frame * maskWidth..<(frame + 1) * maskWidth {
        let before = masks[stem][old + i]
        joined[i] = before + share * (joined[i] - before)
      }
    }
    masks[stem].removeLast(held * maskWidth)
    masks[stem] += joined
  }
}
