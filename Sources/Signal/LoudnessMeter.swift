import Foundation

/// Loudness of a programme as ITU-R BS.1770-4 defines it, from samples that arrive in blocks.
///
/// Each channel is K-weighted; blocks of 400 ms, every 100 ms, are gated at -70 LUFS and then at
/// 10 LU under the mean of what is left. All channels weigh 1, as front channels do.
public struct LoudnessMeter: Sendable {
  public let channelCount: Int
  private let stepFrames: Int
  private var filters: [KWeighting]
  /// Energy of the present step, and frames in it.
  private var energy = 0.0
  private var framesInStep = 0
  /// Energy of each full step of 100 ms, summed over channels.
  private var steps: [Double] = []

  public init(sampleRateHz: Int, channelCount: Int) {
    self.channelCount = channelCount
    stepFrames = max(1, (sampleRateHz + 5) / 10)
    filters = [KWeighting](
      repeating: KWeighting(sampleRateHz: Double(sampleRateHz)), count: channelCount)
  }

  /// Takes interleaved samples, full scale 1.
  public mutating func push(_ samples: [Double]) {
    precondition(samples.count % channelCount == 0)
    var frame = 0
    let frames = samples.count / channelCount
    samples.withUnsafeBufferPointer { samples in
      while frame < frames {
        let end = min(frames, frame + stepFrames - framesInStep)
        for channel in 0..<channelCount {
          var filter = filters[channel]
          var sum = 0.0
          for i in frame..<end {
            let value = filter(samples[i * channelCount + channel])
            sum += value * value
          }
          filters[channel] = filter
          energy += sum
        }
        framesInStep += end - frame
        frame = end
        if framesInStep == stepFrames { closeStep() }
      }
    }
  }

  private mutating func closeStep() {
    steps.append(energy / Double(framesInStep))
    energy = 0
    framesInStep = 0
  }

  /// Integrated loudness in LUFS; -infinity for silence. Sound shorter than 400 ms counts as one
  /// block.
  public var integrated: Double {
    var steps = steps
    if framesInStep > 0 && steps.count < 4 { steps.append(energy / Double(framesInStep)) }
    guard !steps.isEmpty else { return -.infinity }
    let length = min(4, steps.count)
    let blocks = (0...steps.count - length).map {
      steps[$0..<$0 + length].reduce(0, +) / Double(length)
    }
    let heard = blocks.filter { Self.loudness($0) > -70 }
    guard !heard.isEmpty else { return -.infinity }
    let gate = Self.loudness(heard.reduce(0, +) / Double(heard.count)) - 10
    let loud = heard.filter { Self.loudness($0) > gate }
    return Self.loudness(loud.reduce(0, +) / Double(max(1, loud.count)))
  }

  private static func loudness(_ energy: Double) -> Double {
    energy > 0 ? -0.691 + 10 * log10(energy) : -.infinity
  }
}

/// The K-weighting of BS.1770: a shelf that lifts what lies above 1.7 kHz by 4 dB, then a high-pass
/// at 38 Hz; the standard's 48 kHz coefficients, redone for any rate from their analogue prototypes.
struct KWeighting: Sendable {
  private var shelf: Biquad
  private var highPass: Biquad

  init(sampleRateHz: Double) {
    let (gain, shelfQ) = (pow(10, 3.999843853973347 / 20), 0.7071752369554196)
    let k = tan(Double.pi * 1681.974450955533 / sampleRateHz)
    let middle = pow(gain, 0.4996667741545416)
    let a0 = 1 + k / shelfQ + k * k
    shelf = Biquad(
      b0: (gain + middle * k / shelfQ + k * k) / a0, b1: 2 * (k * k - gain) / a0,
      b2: (gain - middle * k / shelfQ + k * k) / a0, a1: 2 * (k * k - 1) / a0,
      a2: (1 - k / shelfQ + k * k) / a0)
    let (h, highQ) = (tan(Double.pi * 38.13547087602444 / sampleRateHz), 0.5003270373238773)
    let c0 = 1 + h / highQ + h * h
    highPass = Biquad(
      b0: 1, b1: -2, b2: 1, a1: 2 * (h * h - 1) / c0, a2: (1 - h / highQ + h * h) / c0)
  }

  mutating func callAsFunction(_ sample: Double) -> Double { highPass(shelf(sample)) }
}

/// Second-order filter, transposed direct form II.
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
