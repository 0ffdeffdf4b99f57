import Foundation

/// Integrated loudness by ITU-R BS.1770-4, measured block by block.
///
/// K-weighting at any sample rate, 400 ms blocks with 75 % overlap, gates at −70 LUFS and 10 LU
/// under the mean of what passes it. Channels count equally, but for 5 (L R C Ls Rs) and 6
/// (L R C LFE Ls Rs): surrounds with +1.5 dB, LFE not at all.
public struct LoudnessMeter: Sendable {
  public let sampleRate: Int
  public let channelCount: Int

  private var filters: [KWeighting]
  private let weights: [Double]
  private let stepSamples: Int
  /// Energy of the unfinished step, by channel.
  private var energies: [Double]
  private var stepFill = 0
  /// Weighted mean squares of the 100 ms steps.
  private var steps: [Double] = []

  public init(sampleRate: Int, channelCount: Int) {
    precondition(sampleRate > 0 && channelCount > 0)
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    filters = [KWeighting](repeating: KWeighting(sampleRate: sampleRate), count: channelCount)
    energies = [Double](repeating: 0, count: channelCount)
    switch channelCount {
    case 5: weights = [1, 1, 1, 1.41, 1.41]
    case 6: weights = [1, 1, 1, 0, 1.41, 1.41]
    default: weights = [Double](repeating: 1, count: channelCount)
    }
    stepSamples = max(1, (sampleRate + 5) / 10)
  }

  /// Takes interleaved samples, whole frames.
  public mutating func push(_ samples: [Double]) {
    precondition(samples.count % channelCount == 0)
    let channels = channelCount
    samples.withUnsafeBufferPointer { source in
      var frame = 0
      let frames = source.count / channels
      while frame < frames {
        let end = min(frames, frame + stepSamples - stepFill)
        for c in 0..<channels where weights[c] > 0 {
          var filter = filters[c]
          var energy = energies[c]
          for f in frame..<end {
            let y = filter(source[f * channels + c])
            energy += y * y
          }
          filters[c] = filter
          energies[c] = energy
        }
        stepFill += end - frame
        frame = end
        if stepFill == stepSamples { closeStep() }
      }
    }
  }

  private mutating func closeStep() {
    let weighted = zip(energies, weights).reduce(0) { $0 + $1.0 * $1.1 }
    steps.append(weighted / Double(stepSamples))
    energies = [Double](repeating: 0, count: channelCount)
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

  mutating func callAsFunction(_ x: Double) -> Double { highPass(shelf(x)) }

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

/// Second-order section, transposed direct form II.
private struct Biquad: Sendable {
  let b0, b1, b2, a1, a2: Double
  private var s1 = 0.0
  private var s2 = 0.0

  init(b0: Double, b1: Double, b2: Double, a1: Double, a2: Double) {
    (self.b0, self.b1, self.b2, self.a1, self.a2) = (b0, b1, b2, a1, a2)
  }

  mutating func callAsFunction(_ x: Double) -> Double {
    let y = b0 * x + s1
    s1 = b1 * x - a1 * y + s2
    s2 = b2 * x - a2 * y
    return y
  }
}
