import Editors
import Signal
import Tensors

/// The masks of some stems along a song, frame after frame.
///
/// The masker sees chunks of 256 frames; neighbours share half, over which one fades linearly into
/// the next, so that no seam remains.
final class MaskTrack {
  static let chunkFrames = 256
  static let overlapFrames = 128

  private let masker: any StemMasker
  private let texts: [TextStates]
  private let sound: MonoStream
  private var mel: MelStream
  /// Log-mel rows from frame `firstFrame` on.
  private var rows: [Float] = []
  private var firstFrame = 0
  /// Whether `rows` holds the last frame.
  private var heardAll = false
  /// Masks `[frame][band]` of each stem from frame `firstMask` on: finished ones, and behind them
  /// `overlapFrames` of the last chunk that the next one fades into.
  private var masks: [[Float]]
  private var firstMask = 0
  private(set) var finishedFrames = 0
  private(set) var isFinished = false
  /// Highest presence met so far, for each stem.
  private(set) var presence: [Float]

  private var bands: Int { masker.mel.bands }

  init(_ masker: any StemMasker, texts: [TextStates], sound: MonoStream) throws {
    self.masker = masker
    self.texts = texts
    self.sound = sound
    mel = MelStream(try MelSpectrogram(masker.mel))
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
    for i in masks.indices { masks[i].removeFirst(count * bands) }
    firstMask += count
  }

  /// The mask of stem `stem` at a fractional frame, interpolated linearly; the last frame holds
  /// beyond the end.
  func mask(of stem: Int, at frame: Double, into out: inout [Float]) {
    let last = Double(finishedFrames - 1)
    let place = min(max(frame, Double(firstMask)), max(last, Double(firstMask)))
    let lower = Int(place)
    let share = Float(place - Double(lower))
    let from = (lower - firstMask) * bands
    let to = share > 0 ? from + bands : from
    masks[stem].withUnsafeBufferPointer { mask in
      for band in 0..<bands {
        out[band] = mask[from + band] + share * (mask[to + band] - mask[from + band])
      }
    }
  }

  // MARK: -

  private func nextChunk() throws {
    try hear(through: chunkStart + Self.chunkFrames)
    let total = firstFrame + rows.count / bands
    let isLast = heardAll && chunkStart + Self.chunkFrames >= total
    // The last chunk reaches back, so that it has its full context.
    let start = isLast ? max(0, min(chunkStart, total - Self.chunkFrames)) : chunkStart
    let end = min(start + Self.chunkFrames, total)
    let chunk = try masks(start..<end)
    for (stem, mask) in chunk.enumerated() { join(mask, of: stem, from: start, to: end) }
    finishedFrames = isLast ? end : end - Self.overlapFrames
    isFinished = isLast
    let kept = max(0, end - Self.chunkFrames)
    rows.removeFirst((kept - firstFrame) * bands)
    firstFrame = kept
  }

  /// Where the next chunk begins when more than one is left.
  private var chunkStart: Int { finishedFrames }

  private func hear(through frame: Int) throws {
    // One frame more tells whether this chunk is the last.
    while !heardAll, firstFrame + rows.count / bands <= frame {
      if let samples = try sound.next() {
        rows += mel.push(samples).values
      } else {
        rows += mel.finish().values
        heardAll = true
      }
    }
  }

  /// Masks of the frames in `range`, silenced where the stem is not present.
  private func masks(_ range: Range<Int>) throws -> [[Float]] {
    let unit = masker.framesPerToken
    let padded = (range.count + unit - 1) / unit * unit
    var values = Array(
      rows[(range.lowerBound - firstFrame) * bands..<(range.upperBound - firstFrame) * bands])
    for _ in range.count..<padded { values += values.suffix(bands) }
    let mixture = try Tensor(values, shape: [padded, bands], name: "log-mel")
    return try masker.masks(of: mixture, named: texts).enumerated().map { stem, found in
      presence[stem] = max(presence[stem], found.presence)
      guard found.presence >= masker.presenceThreshold else {
        return [Float](repeating: 0, count: range.count * bands)
      }
      return Array(found.mask.floats.prefix(range.count * bands))
    }
  }

  /// Fades the held end of the chunk before into `mask`, which covers frames `start..<end`.
  private func join(_ mask: [Float], of stem: Int, from start: Int, to end: Int) {
    let held = masks[stem].count / bands - (finishedFrames - firstMask)
    var joined = Array(mask[(finishedFrames - start) * bands..<(end - start) * bands])
    let old = (finishedFrames - firstMask) * bands
    for frame in 0..<min(held, end - finishedFrames) {
      let share = (Float(frame) + 0.5) / Float(Self.overlapFrames)
      for i in frame * bands..<(frame + 1) * bands {
        let before = masks[stem][old + i]
        joined[i] = before + share * (joined[i] - before)
      }
    }
    masks[stem].removeLast(held * bands)
    masks[stem] += joined
  }
}
