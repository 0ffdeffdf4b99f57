import AudioFiles
import Editing
import Foundation
import Instructions
import Tensors
import Testing

/// "Inpaint": the song's own sound fills the gap, nothing else changes, and what cannot be filled is
/// refused.
@Suite struct InpaintTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// Twelve seconds of a tune of four seconds, stereo, with a gap of silence.
  private func song(gap: Range<Double>, encoding: SampleEncoding = .integer(bits: 24)) throws -> (
    path: String, whole: AudioBlock
  ) {
    let rate = 32000
    var random = Philox(seed: 9)
    let notes = (0..<16).map { _ in
      220 * pow(2, Double(Int.random(in: 0..<24, using: &random)) / 12)
    }
    var whole = AudioBlock(channelCount: 2, silentFrames: 12 * rate)
    for frame in 0..<whole.frameCount {
      let seconds = Double(frame) / Double(rate)
      let note = Int(seconds * 4) % 16
      let within = (seconds * 4).truncatingRemainder(dividingBy: 1) / 4
      let tone = 0.4 * exp(-6 * within) * sin(2 * .pi * notes[note] * within)
      whole.samples[2 * frame] = tone
      whole.samples[2 * frame + 1] = 0.5 * tone + 0.1 * sin(2 * .pi * 3 * notes[note] * within)
    }
    var damaged = whole
    for frame in Int(gap.lowerBound * Double(rate))..<Int(gap.upperBound * Double(rate)) {
      (damaged.samples[2 * frame], damaged.samples[2 * frame + 1]) = (0, 0)
    }
    return (try folder.write("song.wav", damaged, rate: rate, encoding: encoding), whole)
  }

  private func inpaint(_ song: String, _ region: String?, strength: Double = 1) throws -> EditReport
  {
    var options = EditOptions()
    options.region = try region.map { try TimeRange($0) }
    options.strength = strength
    options.saveStem = folder.path("stem.wav")
    return try SongEditor(models: FakeModels()).edit(
      song, plan: plan(step(.inpaint, "gap")), instruction: "inpaint", to: folder.path("out.wav"),
      options: options)
  }

  @Test(arguments: [0.1, 0.5, 1.25])
  func bringsBackWhatRepeats(_ seconds: Double) throws {
    let (path, whole) = try song(gap: 5.2..<5.2 + seconds)
    let report = try inpaint(path, "5.2-\(5.2 + seconds)")
    let out = try folder.read("out.wav")
    let gap = 2 * Int(5.2 * 32000)..<2 * Int((5.2 + seconds) * 32000)
    let (power, error) = gap.reduce(into: (0.0, 0.0)) { sums, index in
      sums.0 += pow(whole.samples[index], 2)
      sums.1 += pow(whole.samples[index] - out.samples[index], 2)
    }
    #expect(10 * log10(power / error) > 25)
    let source = try #require(report.steps[0].copiedFrom)
    let distance = abs(source - 5.2).truncatingRemainder(dividingBy: 4)
    #expect(min(distance, 4 - distance) < 0.001)
    #expect(report.notes[0].contains("own sound"))
  }

  @Test(arguments: [
    (SampleEncoding.integer(bits: 16), 0x1p-16), (.integer(bits: 24), 0x1p-24),
    (.float(bits: 32), 0),
  ])
  func changesNothingOutside(_ encoding: SampleEncoding, halfStep: Double) throws {
    let (path, _) = try song(gap: 4..<4.5, encoding: encoding)
    _ = try inpaint(path, "4-4.5")
    let (before, after) = (try folder.read("song.wav"), try folder.read("out.wav"))
    let gap = 2 * 4 * 32000..<2 * Int(4.5 * 32000)
    #expect(
      before.samples.indices.allSatisfy {
        gap.contains($0) || before.samples[$0] == after.samples[$0]
      })
    #expect(gap.contains { before.samples[$0] != after.samples[$0] })
    let stem = try folder.read("stem.wav")
    #expect(
      stem.samples.indices.allSatisfy {
        abs(before.samples[$0] + stem.samples[$0] - after.samples[$0]) <= halfStep + 1e-7
      })
  }

  @Test(arguments: [0..<0.4, 11.6..<12]) func fillsTheBeginningAndTheEnd(
    _ seconds: Range<Double>
  ) throws {
    let (path, whole) = try song(gap: seconds)
    _ = try inpaint(path, "\(seconds.lowerBound)-\(seconds.upperBound)")
    let out = try folder.read("out.wav")
    let gap = Int(seconds.lowerBound * 32000)..<Int(seconds.upperBound * 32000)
    let error = gap.reduce(0.0) { $0 + abs(out.samples[2 * $1] - whole.samples[2 * $1]) }
    let size = gap.reduce(0.0) { $0 + abs(whole.samples[2 * $1]) }
    #expect(error < 0.1 * size)
  }

  @Test func refusesWhatItCannotFill() throws {
    let (path, _) = try song(gap: 4..<4.5)
    func problem(_ region: String?, strength: Double = 1) throws -> String {
      "\(try #require(throws: EditError.self) { try inpaint(path, region, strength: strength) })"
    }
    #expect(try problem(nil).contains("--region"))
    #expect(try problem("0.5-11.5").contains("at most 10 s"))
    #expect(try problem("1-10").contains("too short"))
    #expect(try problem("4-4.5", strength: 0.5).contains("--strength"))
  }
}
