import AudioFiles
import Foundation
import Testing

@Suite struct ResamplerTests {
  @Test(arguments: [
    (44100, 48000), (48000, 44100), (44100, 24000), (8000, 192_000), (192_000, 8000),
    (44100, 44101), (22050, 44100), (11025, 16000),
  ])
  func toneSurvivesWithExactLength(from: Int, to: Int) throws {
    let frames = from * 3 / 2 + 17
    func sine(_ rate: Int, _ count: Int) -> AudioBlock {
      AudioBlock(
        channelCount: 1,
        samples: (0..<count).map { 0.5 * sin(2 * .pi * 997 * Double($0) / Double(rate)) })
    }
    let resampler = try StreamResampler(from: from, to: to, channelCount: 1)
    let input = sine(from, frames)
    var output = AudioBlock(channelCount: 1, silentFrames: 0)
    var at = 0
    var size = 1
    while at < frames {
      let end = min(at + size, frames)
      output.append(try resampler.process(input.frames(at..<end)))
      at = end
      size = size * 3 % 10007
    }
    output.append(try resampler.finish())
    let length = StreamResampler.outputLength(frames: frames, from: from, to: to)
    #expect(output.frameCount == length)
    #expect(abs(Double(length) - Double(frames) * Double(to) / Double(from)) <= 0.5)
    let edge = to / 5
    let inner = edge..<length - edge
    #expect(ratioDB(sine(to, length).frames(inner), output.frames(inner)) > 130)

    let whole = try StreamResampler(from: from, to: to, channelCount: 1)
    var once = try whole.process(input)
    once.append(try whole.finish())
    #expect(once == output, "block sizes do not matter")
  }

  @Test func aliasesAreGone() throws {
    let rate = 48000
    let input = (0..<rate).map { Float(0.5 * sin(2 * .pi * 15000 * Double($0) / Double(rate))) }
    let output = try StreamResampler.resample(input, from: rate, to: 16000)
    #expect(output.count == 16000)
    let peak = output[2000..<14000].map { abs($0) }.max() ?? 1
    #expect(peak < 1e-6)
  }

  @Test func shortAndEmptyInputsKeepTheirLength() throws {
    for frames in [0, 1, 2, 5, 100] {
      let output = try StreamResampler.resample(
        [Float](repeating: 0.5, count: frames), from: 44100, to: 16000)
      #expect(
        output.count == StreamResampler.outputLength(frames: frames, from: 44100, to: 16000))
    }
  }
}
