import AudioFiles
import Foundation
import Metrics
import Pictures

/// What the report shows of a job: measures and a small picture.
struct Preview: Codable, Equatable, Sendable {
  /// Integrated loudness, LUFS; nil for silence.
  var loudnessBefore: Double?
  var loudnessAfter: Double?
  /// Largest sample, dBFS; nil for silence.
  var peakAfter: Double?
  /// SI-SDR of the output to the input, dB: how much of the sound is still what it was. Nil for
  /// silence.
  var likeness: Double?
  /// Before, after, and what changed, as PNG; see `SpectrogramThumbnail`.
  var picture: Data
  /// Where the picture ends above, Hz.
  var highestHz: Double
}

/// Makes a preview of the blocks that an edit writes, while they are at hand: no file is read again.
///
/// It must cost next to nothing beside the edit (`Benchmarks/batch/run` measures it). One thread at a
/// time may use it.
final class PreviewMaker: @unchecked Sendable {
  private static let columns = 300

  private var before: LoudnessMeter
  private var after: LoudnessMeter
  private var beforePanel: SpectrogramPanel
  private var afterPanel: SpectrogramPanel
  private var sums = Sums()

  /// - Throws: `SignalError`
  init(_ info: AudioInfo) throws {
    before = LoudnessMeter(sampleRate: info.sampleRate, channelCount: info.channelCount)
    after = before
    beforePanel = try SpectrogramPanel(
      title: "before", sampleRate: info.sampleRate, sampleCount: info.frameCount,
      columns: Self.columns, detail: .thumbnail)
    afterPanel = beforePanel
  }

  /// Takes the same frames of both sounds.
  func hear(_ input: AudioBlock, _ output: AudioBlock) {
    LoudnessMeter.push(input.samples, to: &before, and: output.samples, to: &after)
    beforePanel.push(input.mono())
    afterPanel.push(output.mono())
    sums.add(input.samples, output.samples)
  }

  /// - Throws: `PictureError`
  func finish() throws -> Preview {
    beforePanel.finish()
    afterPanel.finish()
    return Preview(
      loudnessBefore: before.integratedLUFS, loudnessAfter: after.integratedLUFS,
      peakAfter: sums.peakAfter > 0 ? 20 * log10(sums.peakAfter) : nil, likeness: sums.siSDR,
      picture: Data(try SpectrogramThumbnail.png(before: beforePanel, after: afterPanel)),
      highestHz: beforePanel.highestHz)
  }
}

/// Energies and the largest sample of two sounds, gathered in one pass.
private struct Sums {
  private typealias Lanes = SIMD4<Double>
  private var product = Lanes.zero
  private var energyBefore = Lanes.zero
  private var energyAfter = Lanes.zero
  private var peak = Lanes.zero

  var peakAfter: Double { peak.max() }

  /// SI-SDR of the second sound to the first, dB; nil when one is silent.
  var siSDR: Double? {
    let (product, before, after) = (product.sum(), energyBefore.sum(), energyAfter.sum())
    guard before > 0, after > 0 else { return nil }
    // |b − αa|² = |b|² − α²|a|² with α = ab / |a|²; held at 100 dB, where this form cancels.
    let target = product * product / before
    return min(100, 10 * log10(target / max(after - target, target * 1e-10)))
  }

  mutating func add(_ before: [Double], _ after: [Double]) {
    let whole = before.count / Lanes.scalarCount * Lanes.scalarCount
    // In a variable of its own it stays in registers.
    var sums = self
    before.withUnsafeBytes { a in
      after.withUnsafeBytes { b in
        for i in stride(from: 0, to: whole, by: Lanes.scalarCount) {
          let byte = i * MemoryLayout<Double>.stride
          sums.add(
            a.loadUnaligned(fromByteOffset: byte, as: Lanes.self),
            b.loadUnaligned(fromByteOffset: byte, as: Lanes.self))
        }
      }
    }
    var (a, b) = (Lanes.zero, Lanes.zero)
    for i in whole..<before.count { (a[i - whole], b[i - whole]) = (before[i], after[i]) }
    sums.add(a, b)
    self = sums
  }

  @inline(__always)
  private mutating func add(_ a: Lanes, _ b: Lanes) {
    product += a * b
    energyBefore += a * a
    energyAfter += b * b
    peak = pointwiseMax(peak, pointwiseMax(b, -b))
  }
}
