import AudioFiles
import Foundation

/// What is wrong with a stretch of a recording.
public enum GapKind: String, Sendable, Codable, CaseIterable {
  /// Named by the user.
  case given
  /// Between the words around `[brackets]` in the transcript.
  case marked
  /// Digital silence that cuts into sound.
  case dropout
  /// A packet that is played again.
  case repeated
  /// Peaks held at one level.
  case clipped
  /// A burst of noise far above everything around it.
  case burst
}

/// A stretch of a recording that is to be filled.
public struct Gap: Sendable, Equatable {
  public let kind: GapKind
  /// Of the recording.
  public var frames: Range<Int>
}

/// Finds what is damaged in a recording: dropouts, repeated packets, clipping, bursts.
struct GapFinder {
  let rate: Int
  private let song: Song

  /// Shortest digital silence, and its share of a second.
  private static let dropoutSeconds = 0.015
  /// What counts as sound beside a dropout: RMS of the 5 ms next to it.
  private static let soundLevel = 0.003
  /// Lengths of packets that telephony and streaming use, seconds.
  private static let packets = [0.010, 0.020, 0.030, 0.040, 0.060]
  /// Found stretches closer than this are one.
  private static let joinSeconds = 0.03
  private static let clippedRun = 3, clippedRuns = 6
  /// How far a burst stands above what is loud around it: noise less far than what could be a voice.
  private static let noiseFactor = 2.5, burstFactor = 5.0, burstSeconds = 0.3
  /// RMS of the samples' differences at 16 kHz over their own, from which a sound counts as noise: 1.4
  /// is white noise, voices stay under 0.5.
  private static let noiseRoughness = 0.8

  init(_ song: Song) {
    self.song = song
    rate = song.info.sampleRate
  }

  /// All damage in its order; where several kinds overlap, they are one of the first one's kind.
  func find(progress: (Double) throws -> Void) throws -> [Gap] {
    var scan = Scan(rate: rate, channelCount: song.info.channelCount)
    let reader = try song.reader()
    for piece in (0..<song.info.frameCount).pieces(of: SongLevels.blockFrames) {
      scan.push(try reader.read(piece))
      try progress(Double(piece.upperBound) / Double(song.info.frameCount))
    }
    return joined(
      try dropouts(scan.silences, reader) + scan.repeats() + scan.clipping() + scan.bursts())
  }

  /// Silences that begin or end in the middle of sound; pauses fade.
  private func dropouts(_ silences: [Range<Int>], _ reader: any SongReader) throws -> [Gap] {
    let beside = max(1, rate / 200)
    return try silences.filter { silence in
      guard Double(silence.count) >= Self.dropoutSeconds * Double(rate) else { return false }
      let before = max(0, silence.lowerBound - beside)..<silence.lowerBound
      let after = silence.upperBound..<min(song.info.frameCount, silence.upperBound + beside)
      // Silence at the ends of a recording is none of its damage.
      guard !before.isEmpty, !after.isEmpty else { return false }
      return try [before, after].contains { range in
        let samples = try reader.read(range).samples
        let power = samples.reduce(0) { $0 + $1 * $1 } / Double(samples.count)
        return power.squareRoot() > Self.soundLevel
      }
    }.map { Gap(kind: .dropout, frames: $0) }
  }

  private func joined(_ gaps: [Gap]) -> [Gap] {
    let reach = Int(Self.joinSeconds * Double(rate))
    var all: [Gap] = []
    for gap in gaps.sorted(by: { $0.frames.lowerBound < $1.frames.lowerBound }) {
      guard let last = all.last, gap.frames.lowerBound <= last.frames.upperBound + reach else {
        all.append(gap)
        continue
      }
      all[all.count - 1].frames =
        last.frames.lowerBound..<max(last.frames.upperBound, gap.frames.upperBound)
    }
    return all
  }

  /// One pass over the samples of the mean channel, with what has to be remembered.
  private struct Scan {
    let rate: Int
    let channelCount: Int
    private(set) var silences: [Range<Int>] = []
    private var position = 0
    private var silentSince: Int?
    private var history: [Float] = []
    private let sizes: [Int]
    private var equal: [Int]
    private var found: [Range<Int>] = []
    /// The largest level of runs of equal peaks, and where runs of that level lie.
    private var ceiling: Float = 0.1
    private var runs: [Range<Int>] = []
    private var run = (value: Float(0), since: 0)
    /// RMS of successive frames of 10 ms.
    private var levels: [Double] = []
    /// RMS of their differences over a sixteenth of a millisecond.
    private var steps: [Double] = []
    private var power = 0.0
    private var stepPower = 0.0
    private var recent: [Float]

    init(rate: Int, channelCount: Int) {
      (self.rate, self.channelCount) = (rate, channelCount)
      sizes = GapFinder.packets.map { Int(($0 * Double(rate)).rounded()) }
      equal = sizes.map { _ in 0 }
      recent = [Float](repeating: 0, count: max(1, Int((Double(rate) / 16000).rounded())))
    }

    private var levelFrames: Int { rate / 100 }

    mutating func push(_ block: AudioBlock) {
      let samples = block.mono()
      let longest = sizes.last ?? 0
      let line = history + samples
      let offset = history.count
      for (index, sample) in samples.enumerated() {
        watchSilence(sample)
        watchRuns(sample)
        for (kind, size) in sizes.enumerated() where offset + index >= size {
          watchRepeat(kind, size, sample, line[offset + index - size])
        }
        watchLevel(sample)
        position += 1
      }
      history = Array(line.suffix(longest))
    }

    private mutating func watchLevel(_ sample: Float) {
      let step = Double(sample - recent[position % recent.count])
      recent[position % recent.count] = sample
      power += Double(sample) * Double(sample)
      stepPower += step * step
      guard (position + 1) % levelFrames == 0 else { return }
      levels.append((power / Double(levelFrames)).squareRoot())
      steps.append((stepPower / Double(levelFrames)).squareRoot())
      (power, stepPower) = (0, 0)
    }

    private mutating func watchSilence(_ sample: Float) {
      if sample == 0 {
        silentSince = silentSince ?? position
      } else if let since = silentSince {
        silences.append(since..<position)
        if Double(position - since) < GapFinder.dropoutSeconds * Double(rate) {
          silences.removeLast()
        }
        silentSince = nil
      }
    }

    private mutating func watchRepeat(_ kind: Int, _ size: Int, _ sample: Float, _ former: Float) {
      if sample == former && !(sample == 0 && equal[kind] == 0) {
        equal[kind] += 1
        return
      }
      // A few zeros at the end belong to no packet.
      if equal[kind] >= size - 1 && silentSince == nil {
        let range = position - equal[kind]..<position
        if !silences.contains(where: { $0.overlaps(range) }) { found.append(range) }
      }
      equal[kind] = 0
    }

    private mutating func watchRuns(_ sample: Float) {
      guard sample != run.value else { return }
      let length = position - run.since
      let level = abs(run.value)
      if length >= GapFinder.clippedRun, level >= ceiling * 0.999 {
        if level > ceiling * 1.001 {
          ceiling = level
          runs = []
        }
        runs.append(run.since..<position)
      }
      run = (sample, position)
    }

    func repeats() -> [Gap] { found.map { Gap(kind: .repeated, frames: $0) } }

    /// Clusters of several runs; a single one may be chance.
    func clipping() -> [Gap] {
      let reach = Int(GapFinder.joinSeconds * Double(rate))
      var clusters: [(range: Range<Int>, count: Int)] = []
      for run in runs {
        if let last = clusters.last, run.lowerBound <= last.range.upperBound + reach {
          clusters[clusters.count - 1] = (
            last.range.lowerBound..<run.upperBound, last.count + 1
          )
        } else {
          clusters.append((run, 1))
        }
      }
      return clusters.filter { $0.count >= GapFinder.clippedRuns }
        .map { Gap(kind: .clipped, frames: $0.range) }
    }

    /// Frames far louder than nearly everything within two seconds around.
    func bursts() -> [Gap] {
      let reach = 200
      var found: [Gap] = []
      var loud = 0
      for index in 0...levels.count {
        if index < levels.count, levels[index] > 0.05 {
          let around = levels[max(0, index - reach)..<min(levels.count, index + reach)].sorted()
          let isNoise = steps[index] > GapFinder.noiseRoughness * levels[index]
          let factor = isNoise ? GapFinder.noiseFactor : GapFinder.burstFactor
          if levels[index] > factor * max(1e-4, around[around.count * 9 / 10]) {
            loud += 1
            continue
          }
        }
        if loud > 0, Double(loud) / 100 <= GapFinder.burstSeconds {
          let first = max(0, (index - loud) * levelFrames - levelFrames / 2)
          found.append(
            Gap(kind: .burst, frames: first..<min(position, index * levelFrames + levelFrames / 2)))
        }
        loud = 0
      }
      return found
    }
  }
}
