import AudioFiles
import Foundation
import Metrics
import Pictures

/// What the report shows of a job: measures and a picture, made while the files are still at hand.
struct Preview: Codable, Equatable, Sendable {
  /// Integrated loudness, LUFS; nil for silence.
  var loudnessBefore: Double?
  var loudnessAfter: Double?
  /// Largest sample, dBFS; nil for silence.
  var peakAfter: Double?
  /// SI-SDR of the output to the input, dB: how much of the sound is still what it was. Nil for
  /// silence and for other shapes.
  var likeness: Double?
  /// Before, after, and what changed, as PNG.
  var picture: Data

  private static let columns = 360
  private static let blockFrames = 65536

  /// - Throws: `AudioFileError`, `PictureError`
  init(before: String, after: String, title: String) throws {
    let (input, output) = (try Track(before, "before: \(title)"), try Track(after, "after"))
    let comparable =
      input.info.frameCount == output.info.frameCount
      && input.info.channelCount == output.info.channelCount
    var (product, energy, own) = (0.0, 0.0, 0.0)
    while true {
      let (a, b) = (try input.next(), try output.next())
      if a.isEmpty, b.isEmpty { break }
      guard comparable else { continue }
      for i in 0..<min(a.count, b.count) {
        product += a[i] * b[i]
        energy += a[i] * a[i]
        own += b[i] * b[i]
      }
    }
    loudnessBefore = input.meter.integratedLUFS
    loudnessAfter = output.meter.integratedLUFS
    peakAfter = output.peak > 0 ? 20 * log10(output.peak) : nil
    if comparable, energy > 0, own > 0 {
      // |b − αa|² = |b|² − α²|a|² with α = ab / |a|²; held at 100 dB, where this form cancels.
      let target = product * product / energy
      likeness = min(100, 10 * log10(target / max(own - target, target * 1e-10)))
    }
    picture = Data(
      try SpectrogramPicture.draw(before: input.panel, after: output.panel).smallPNG())
  }

  /// A sound file that is measured while it streams by.
  private final class Track {
    let info: AudioInfo
    var meter: LoudnessMeter
    var panel: SpectrogramPanel
    var peak = 0.0
    private let reader: AudioReader

    init(_ path: String, _ title: String) throws {
      reader = try AudioReader(path: path)
      info = reader.info
      meter = LoudnessMeter(sampleRate: info.sampleRate, channelCount: info.channelCount)
      panel = try SpectrogramPanel(
        title: title, sampleRate: info.sampleRate, sampleCount: info.frameCount,
        columns: Preview.columns)
    }

    /// The next samples; none at the end.
    func next() throws -> [Double] {
      guard reader.position < info.frameCount else { return [] }
      let block = try reader.read(frames: Preview.blockFrames)
      meter.push(block.samples)
      peak = block.samples.reduce(peak) { max($0, abs($1)) }
      panel.push(block.mono())
      if reader.position == info.frameCount { panel.finish() }
      return block.samples
    }
  }
}
