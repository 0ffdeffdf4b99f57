import Foundation

/// Integrated loudness by ITU-R BS.1770-4, measured block by block.
///
/// K-weighting at any sample rate, 400 ms blocks with 75 % overlap, gates at −70 LUFS and 10 LU
/// under the mean of what passes it. Channels count equally, but for 5 (L R C Ls Rs) and 6
/// (L R C LFE Ls Rs): surrounds with +1.5 dB, LFE not at all.
public struct LoudnessMeter: Sendable {
  public let sampleRate: Int
  public let channelCount: Int

  /// Of two channels each: a filter's steps wait for each other, so the second costs nothing.
  private var filters: [KWeighting]
  /// By channel; zero for the partner that the last of an odd number lacks.
  private let weights: [Double]
  private let stepSamples: Int
  /// Energy of the unfinished step, by pair of channels.
  private var energies: [SIMD2<Double>]
  private var stepFill = 0
  /// Weighted mean squares of the 100 ms steps.
  private var steps: [Double] = []

  public init(sampleRate: Int, channelCount: Int) {
    precondition(sampleRate > 0 && channelCount > 0)
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    let pairs = (channelCount + 1) / 2
    filters = [KWeighting](repeating: KWeighting(sampleRate: sampleRate), count: pairs)
    energies = [SIMD2<Double>](repeating: .zero, count: pairs)
    let weights =
      switch channelCount {
      case 5: [1, 1, 1, 1.41, 1.41]
      case 6: [1, 1, 1, 0, 1.41, 1.41]
      default: [Double](repeating: 1, count: channelCount)
      }
    self.weights = weights + [Double](repeating: 0, count: 2 * pairs - channelCount)
    stepSamples = max(1, (sampleRate + 5) / 10)
  }

  /// Takes interleaved samples, whole frames.
  public mutating func push(_ samples: [Double]) {
    precondition(samples.count % channelCount == 0)
    samples.withUnsafeBufferPointer { source in
      var frame = 0
      while let frames = nextFrames(after: frame, of: source.count / channelCount) {
        for pair in filters.indices {
          var (filter, energy) = (filters[pair], energies[pair])
          for f in frames { energy += filter.energy(self.frame(f, pair, of: source)) }
          (filters[pair], energies[pair]) = (filter, energy)
        }
        frame = frames.upperBound
        fill(frames.count)
      }
    }
  }

  /// Takes the same frames of two sounds, each for its meter: side by side they take little longer
  /// than one.
  /// - Precondition: both meters have the same rate and channels and have taken as many frames.
  public static func push(
    _ samples: [Double], to first: inout LoudnessMeter,
    and others: [Double], to second: inout LoudnessMeter
  ) {
    let channels = first.channelCount
    precondition(samples.count == others.count && samples.count % channels == 0)
    precondition(second.channelCount == channels && second.stepFill == first.stepFill)
    samples.withUnsafeBufferPointer { source in
      others.withUnsafeBufferPointer { other in
        var frame = 0
        while let frames = first.nextFrames(after: frame, of: source.count / channels) {
          for pair in first.filters.indices {
            var (a, energyA) = (first.filters[pair], first.energies[pair])
            var (b, energyB) = (second.filters[pair], second.energies[pair])
            for f in frames {
              energyA += a.energy(first.frame(f, pair, of: source))
              energyB += b.energy(first.frame(f, pair, of: other))
            }
            (first.filters[pair], first.energies[pair]) = (a, energyA)
            (second.filters[pair], second.energies[pair]) = (b, energyB)
          }
          frame = frames.upperBound
          first.fill(frames.count)
          second.fill(frames.count)
        }
      }
    }
  }

  /// Frames that still belong to the step; nil at the end of the block.
  private func nextFrames(after frame: Int, of count: Int) -> Range<Int>? {
    frame < count ? frame..<min(count, frame + stepSamples - stepFill) : nil
  }

  @inline(__always)
  private func frame(
    _ frame: Int, _ pair: Int, of source: UnsafeBufferPointer<Double>
  ) -> SIMD2<Double> {
    let start = frame * channelCount
    return SIMD2(source[start + 2 * pair], source[start + min(2 * pair + 1, channelCount - 1)])
  }

  private mutating func fill(_ frames: Int) {
    stepFill += frames
    if stepFill == stepSamples { closeStep() }
  }

  private mutating func closeStep() {
    let weighted = energies.indices.reduce(0) {
      $0 + energies[$1][0] * weights[2 * $1] + energies[$1][1] * weights[2 * $1 + 1]
    }
    steps.append(weighted / Double(stepSamples))
    energies = [SIMD2<Double>](repeating: .zero, count: energies.count)
    stepFill = 0
  }

  /// Loudness of everything so far, LUFS; nil when it is silent or shorter than 400 ms.
  public var integratedLUFS: Double? {
    guard steps.count >= 4 else { return nil }
    let blocks = (3..<steps.count).map { steps[$0 - 3...$0].reduce(0, +) / 4 }
    let audible = blocks.filter { Self.lufs($0) > -70 }
    guard !audible.isEmpty else { return nil }
    let gate = audible.reduce(0, +) / Double(audible.count) / 10
    let counted = audible.filter { $0 > gate }
    return Self.lufs(counted.reduce(0, +) / Double(counted.count))
  }

  private static func lufs(_ meanSquare: Double) -> Double {
    meanSquare > 0 ? -0.691 + 10 * log10(meanSquare) : -.infinity
  }

  /// Integrated loudness of a whole signal `[channel][sample]`, LUFS.
  public static func integratedLUFS(_ channels: [[Float]], sampleRate: Int) -> Double? {
    guard let frames = channels.first?.count else { return nil }
    var meter = LoudnessMeter(sampleRate: sampleRate, channelCount: channels.count)
    let block = 1 << 16
    for start in stride(from: 0, to: frames, by: block) {
      let end = min(frames, start + block)
      var samples = [Double](repeating: 0, count: (end - start) * channels.count)
      for (c, channel) in channels.enumerated() {
        for f in start..<end { samples[(f - start) * channels.count + c] = Double(channel[f]) }
      }
      meter.push(samples)
    }
    return meter.integratedLUFS
  }
}

/// The two filter stages of BS.1770 (high shelf, then high pass), whose 48 kHz coefficients are
/// taken to other rates through their analog prototypes (De Man 2014, as in libebur128).
private struct KWeighting: Sendable {
  private var shelf: Biquad
  private var highPass: Biquad

  init(sampleRate: Int) {
    shelf = Self.shelf(sampleRate)
    highPass = Self.highPass(sampleRate)
  }

  /// Squares of the next filtered samples.
  mutating func energy(_ x: SIMD2<Double>) -> SIMD2<Double> {
    let y = highPass(shelf(x))
    return y * y
  }

  private static func shelf(_ rate: Int) -> Biquad {
    let k = tan(Double.pi * 1681.974450955533 / Double(rate))
    let q = 0.7071752369554196
    let high = pow(10, 3.999843853973347 / 20)
    let middle = pow(high, 0.4996667741545416)
    let a0 = 1 + k / q + k * k
    return Biquad(
      b0: (high + middle * k / q + k * k) / a0, b1: 2 * (k * k - high) / a0,
      b2: (high - middle * k / q + k * k) / a0, a1: 2 * (k * k - 1) / a0,
      a2: (1 - k / q + k * k) / a0)
  }

  private static func highPass(_ rate: Int) -> Biquad {
    let k = tan(Double.pi * 38.13547087602444 / Double(rate))
    let q = 0.5003270373238773
    let a0 = 1 + k / q + k * k
    // The standard's numerator at 48 kHz is 1, −2, 1; at other rates it keeps that one's gain.
    let k48 = tan(Double.pi * 38.13547087602444 / 48000)
    let gain = (1 + k48 / q + k48 * k48) / a0
    return Biquad(
      b0: gain, b1: -2 * gain, b2: gain, a1: 2 * (k * k - 1) / a0,
      a2: (1 - k / q + k * k) / a0)
  }
}

/// Second-order section, transposed direct form II, of two channels.
private struct Biquad: Sendable {
  let b0, b1, b2, a1, a2: Double
  private var s1 = SIMD2<Double>.zero
  private var s2 = SIMD2<Double>.zero

  init(b0: Double, b1: Double, b2: Double, a1: Double, a2: Double) {
    (self.b0, self.b1, self.b2, self.a1, self.a2) = (b0, b1, b2, a1, a2)
  }

  mutating func callAsFunction(_ x: SIMD2<Double>) -> SIMD2<Double> {
    let y = b0 * x + s1
    // What does not wait for y comes first.
    s1 = (b1 * x + s2) - a1 * y
    s2 = b2 * x - a2 * y
    return y
  }
}
