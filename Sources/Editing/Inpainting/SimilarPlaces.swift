import Foundation
import Signal

/// Finds the places of a song that sound like what lies around a gap.
///
/// Compared are log-mels of the channels' mean, by the mean absolute difference of the frames on both
/// sides of the gap: frames near the gap and loud bands count more.
struct SimilarPlaces {
  /// A gap may be filled with what lies `shift` samples later; `distance` is how much the sound
  /// around there differs from that around the gap, dB.
  struct Place: Equatable {
    var shift: Int
    let distance: Double
  }

  /// Sound that is searched on each side of the gap, and that is compared, seconds.
  static let reachSeconds = 180.0
  private static let contextSeconds = 1.0
  /// Weight of the context's farthest frames against the nearest.
  private static let farWeight: Float = 0.15
  /// Level under which a band counts for nothing, ln of the mean magnitude.
  private static let quietest: Float = -11.5
  private static let loudestCounted: Float = -9
  private static let bands = 64
  /// Places are at least this many frames apart.
  private static let apart = 8

  let layout: MelLayout
  /// First sample of frame 0.
  private let origin: Int
  private let gap: Range<Int>
  /// Log-mel times the bands' weights, `[frame][band]`.
  private let values: [Float]
  private let frameCount: Int
  /// Frames that hold nothing at all, summed up to each frame.
  private let deadBefore: [Int]

  /// Listens to the song around a gap.
  ///
  /// - Parameter gap: frames of the song, not all of it.
  init(_ song: Song, gap: Range<Int>, progress: (Double) throws -> Void) throws {
    let info = song.info
    self.gap = gap
    layout = Self.layout(rate: info.sampleRate)
    let reach = Int(Self.reachSeconds * Double(info.sampleRate))
    let range =
      max(0, gap.lowerBound - reach)..<min(info.frameCount, gap.upperBound + reach)
    origin = range.lowerBound
    var stream = MelStream(try MelSpectrogram(layout))
    var mel = MelFrames(bandCount: Self.bands)
    let reader = try song.reader()
    for piece in range.pieces(of: SongLevels.blockFrames) {
      mel.append(stream.push(try reader.read(piece).mono()))
      try progress(Double(piece.upperBound - origin) / Double(range.count))
    }
    mel.append(stream.finish())
    frameCount = mel.frameCount
    values = Self.weighted(mel)
    let floor = Float(log(layout.floor)) + 1e-3
    var dead = [0]
    for frame in 0..<mel.frameCount {
      let row = mel.values[frame * Self.bands..<(frame + 1) * Self.bands]
      dead.append(dead[frame] + (row.allSatisfy { $0 <= floor } ? 1 : 0))
    }
    deadBefore = dead
  }

  /// About 46 ms windows, a quarter of that apart, at any rate.
  private static func layout(rate: Int) -> MelLayout {
    var size = 256
    while 2 * size <= rate * 47 / 1000 { size *= 2 }
    return MelLayout(
      sampleRateHz: rate, stft: STFTLayout(fftSize: size, hopSamples: size / 4), bands: bands,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
  }

  private static func weighted(_ mel: MelFrames) -> [Float] {
    let count = Float(max(1, mel.frameCount))
    var weights = [Float](repeating: 0, count: bands)
    for (index, value) in mel.values.enumerated() { weights[index % bands] += value / count }
    weights = weights.map { max(0, max($0, loudestCounted) - quietest) }
    let sum = weights.reduce(0, +)
    return mel.values.enumerated().map { $0.element * weights[$0.offset % bands] / sum }
  }

  // MARK: - Search

  /// The likest places, best first; none where the song is too short.
  func best(_ count: Int) -> [Place] {
    let hop = layout.stft.hopSamples
    let half = layout.stft.fftSize / 2
    // Frames that see nothing of the gap.
    let before = (gap.lowerBound - origin - half) / hop
    let after = (gap.upperBound - origin + half + hop - 1) / hop
    let context = Int(Self.contextSeconds * Double(layout.sampleRateHz)) / hop
    let left = max(0, before - context)..<max(0, before)
    let right =
      min(after, frameCount)..<max(min(after, frameCount), min(frameCount, after + context))
    guard !left.isEmpty || !right.isEmpty else { return [] }
    let span =
      (left.isEmpty ? before : left.lowerBound)..<(right.isEmpty ? after : right.upperBound)
    let weights = Self.weights(left, towardsEnd: true) + Self.weights(right, towardsEnd: false)
    let frames = Array(left) + Array(right)
    var (found, silent) = ([Place](), [Place]())
    for shift in -span.lowerBound...max(-span.lowerBound, frameCount - span.upperBound) {
      // What is copied, and what it is compared by, must not touch the gap itself.
      let source = (before + shift)..<(after + shift)
      guard source.upperBound <= before || source.lowerBound >= after,
        !holdsGap(left, shift, before, after), !holdsGap(right, shift, before, after),
        source.lowerBound >= 0, source.upperBound <= frameCount
      else { continue }
      let distance = Double(distance(frames, weights, shift)) * 20 / log(10)
      let place = Place(shift: shift * hop, distance: distance)
      let isDead = deadBefore[source.upperBound] > deadBefore[source.lowerBound]
      if isDead { silent.append(place) } else { found.append(place) }
    }
    // A place with a hole of its own is better than none.
    if found.isEmpty { found = silent }
    found.sort { ($0.distance, abs($0.shift)) < ($1.distance, abs($1.shift)) }
    var best: [Place] = []
    for place in found where best.count < count {
      if best.allSatisfy({ abs($0.shift - place.shift) > Self.apart * hop }) { best.append(place) }
    }
    return best
  }

  private func holdsGap(_ part: Range<Int>, _ shift: Int, _ before: Int, _ after: Int) -> Bool {
    part.lowerBound + shift < after && part.upperBound + shift > before
  }

  private static func weights(_ part: Range<Int>, towardsEnd: Bool) -> [Float] {
    let last = Float(max(1, part.count - 1))
    let rise = part.indices.map { farWeight + (1 - farWeight) * Float($0 - part.lowerBound) / last }
    let sum = rise.reduce(0, +)
    return (towardsEnd ? rise : rise.reversed()).map { $0 / sum / 2 }
  }

  private func distance(_ frames: [Int], _ weights: [Float], _ shift: Int) -> Float {
    values.withUnsafeBytes { bytes in
      let rows = bytes.baseAddress!
      var sum = SIMD16<Float>()
      for (frame, weight) in zip(frames, weights) {
        let own = frame * Self.bands * 4
        let other = (frame + shift) * Self.bands * 4
        for part in stride(from: 0, to: Self.bands * 4, by: 64) {
          let difference =
            rows.loadUnaligned(fromByteOffset: own + part, as: SIMD16<Float>.self)
            - rows.loadUnaligned(fromByteOffset: other + part, as: SIMD16<Float>.self)
          sum += weight * difference.replacing(with: -difference, where: difference .< 0)
        }
      }
      return sum.sum()
    }
  }
}
