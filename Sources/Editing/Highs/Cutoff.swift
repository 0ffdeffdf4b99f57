import Foundation
import Signal

/// Where a recording's treble ends: at the wall that a low rate or a lossy coder left.
///
/// A wall is where the mean level just below stands high over everything above; the gentle slope of
/// instruments and rooms has none.
struct Cutoff {
  let hz: Double

  /// Highest frequency whose loss anybody would restore.
  private static let highestHz = 19000.0
  private static let lowestHz = 2000.0
  /// Level that a wall falls by, dB, within ``slopeHz``.
  private static let leastFall = 18.0
  private static let slopeHz = 600.0
  /// Width over which levels are averaged below the wall, Hz.
  private static let belowHz = 500.0
  private static let fftSize = 4096

  /// - Parameter ceiling: where the band ends at the latest, Hz, as a lower rate before this one has
  ///   it; without a wall the treble ends there.
  /// - Returns: nil when the recording has all its treble, or no sound.
  static func find(in song: Song, ceiling: Double?) throws -> Cutoff? {
    let rate = Double(song.info.sampleRate)
    let stft = try STFT(STFTLayout(fftSize: fftSize, hopSamples: fftSize / 2))
    var stream = STFTStream(stft)
    let binCount = fftSize / 2 + 1
    var powers = [Double](repeating: 0, count: binCount)
    func take(_ frames: ComplexFrames) {
      for frame in 0..<frames.frameCount {
        for bin in 0..<binCount {
          let at = 2 * (frame * binCount + bin)
          let (re, im) = (Double(frames.values[at]), Double(frames.values[at + 1]))
          powers[bin] += re * re + im * im
        }
      }
    }
    let reader = try song.reader()
    for piece in (0..<song.info.frameCount).pieces(of: SongLevels.blockFrames) {
      take(stream.push(try reader.read(piece).mono()))
    }
    take(stream.finish())
    guard powers.contains(where: { $0 > 0 }) else { return nil }
    let found = wall(powers, hzPerBin: rate / Double(fftSize))
    guard let ceiling else { return found.map { Cutoff(hz: $0) } }
    return Cutoff(hz: min(found ?? ceiling, ceiling))
  }

  /// The frequency of the deepest fall of the mean `powers` of bins, if it is a wall.
  private static func wall(_ powers: [Double], hzPerBin: Double) -> Double? {
    let below = max(1, Int(belowHz / hzPerBin))
    let slope = max(1, Int(slopeHz / hzPerBin))
    // Largest level from each bin to the top, averaged over some bins against single lines.
    let smooth = powers.indices.map { bin in
      let part = powers[max(0, bin - 4)...min(powers.count - 1, bin + 4)]
      return part.reduce(0, +) / Double(part.count)
    }
    var above = smooth
    for bin in smooth.indices.dropLast().reversed() { above[bin] = max(above[bin], above[bin + 1]) }
    let first = max(2 * below, Int(lowestHz / hzPerBin))
    let last = min(powers.count - 1 - slope, Int(highestHz / hzPerBin))
    guard first <= last else { return nil }
    let quietest = 1e-9 * (powers.max() ?? 0)
    var best = (bin: 0, fall: leastFall)
    for bin in first...last {
      let level = powers[bin - below..<bin].reduce(0, +) / Double(below)
      let fall = 10 * log10((level + 1e-20) / (above[bin + slope] + 1e-20))
      if level > quietest, fall > best.fall { best = (bin, fall) }
    }
    guard best.bin > 0 else { return nil }
    // The fall is deepest somewhere about the wall; its edge is the last bin there that has nearly
    // the level from before it (to 5 dB).
    let start = max(0, best.bin - 2 * below)
    let level = powers[start..<best.bin - below].reduce(0, +) / Double(below)
    let edge = (best.bin - below..<best.bin + slope).last { smooth[$0] > 0.3 * level } ?? best.bin
    return Double(edge) * hzPerBin
  }
}
