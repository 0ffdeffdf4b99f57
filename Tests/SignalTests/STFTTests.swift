import Foundation
import Signal
import TestSupport
import Testing

@Suite struct STFTTests {
  static let layouts: [(String, STFTLayout)] = [
    ("centred", STFTLayout(fftSize: 512, hopSamples: 128)),
    ("narrow", STFTLayout(fftSize: 512, hopSamples: 100, windowSamples: 400)),
    ("open", STFTLayout(fftSize: 256, hopSamples: 64, padding: .none)),
  ]

  @Test func equalsTorch() throws {
    let reference = try Reference("stft")
    let signal = Array(try Reference("mel")("signal")[0..<1500])
    for (name, layout) in Self.layouts {
      let frames = try STFT(layout)(signal)
      #expect(reference.shape(name) == [frames.frameCount, layout.binCount, 2])
      try expectClose(frames.values, try reference(name), .kernel, name)
    }
  }

  @Test func inverseOfChangedSpectraEqualsTorch() throws {
    let reference = try Reference("stft")
    for (name, layout) in Self.layouts where layout.padding == .centred {
      let frames = ComplexFrames(
        binCount: layout.binCount, values: try reference(name + ".changed"))
      let samples = try STFT(layout).inverse(frames, sampleCount: 1500)
      try expectClose(samples, try reference(name + ".inverse"), .kernel, name)
    }
  }

  @Test(arguments: [
    STFTLayout(fftSize: 2048, hopSamples: 512), STFTLayout(fftSize: 4096, hopSamples: 1024),
    STFTLayout(fftSize: 512, hopSamples: 256), STFTLayout(fftSize: 512, hopSamples: 100),
    STFTLayout(fftSize: 1000, hopSamples: 250, windowSamples: 601),
    STFTLayout(fftSize: 2048, hopSamples: 512, padding: .centredZeros),
  ])
  func centredFramesGiveTheSignalBack(layout: STFTLayout) throws {
    let stft = try STFT(layout)
    for count in [1, 2, 100, layout.fftSize / 2, layout.fftSize / 2 + 1, 20011] {
      let signal = noise(count)
      let back = stft.inverse(stft(signal), sampleCount: count)
      #expect(largestDifference(back, signal) < 2e-6, "\(layout) \(count)")
    }
  }

  @Test func otherPaddingsGiveBackWhatTheyCover() throws {
    let signal = noise(10_240)
    let half = try STFT(STFTLayout(fftSize: 1024, hopSamples: 256, padding: .halfOverlap))
    #expect(half(signal).frameCount == 40)
    #expect(
      largestDifference(half.inverse(half(signal), sampleCount: 10_240), signal) < 2e-6)
    let open = try STFT(STFTLayout(fftSize: 1024, hopSamples: 256, padding: .none))
    let back = open.inverse(open(signal), sampleCount: 10_240)
    #expect(back.count == 10_240)
    #expect(
      largestDifference(Array(back[300..<10_000]), Array(signal[300..<10_000])) < 2e-6)
  }

  @Test(arguments: [1, 7, 512, 3000])
  func blocksGiveTheSameResult(size: Int) throws {
    let signal = noise(9001, seed: 4)
    for padding in FramePadding.allCases {
      for hop in [100, 256, 512] {
        let stft = try STFT(STFTLayout(fftSize: 512, hopSamples: hop, padding: padding))
        var analysis = STFTStream(stft)
        var synthesis = ISTFTStream(stft, sampleCount: signal.count)
        var frames = ComplexFrames(binCount: 257)
        var samples: [Float] = []
        func take(_ part: ComplexFrames) {
          frames.append(part)
          samples += synthesis.push(part)
        }
        for start in stride(from: 0, to: signal.count, by: size) {
          take(analysis.push(Array(signal[start..<min(start + size, signal.count)])))
        }
        take(analysis.finish())
        samples += synthesis.finish()
        #expect(frames == stft(signal))
        #expect(samples == stft.inverse(frames, sampleCount: signal.count))
      }
    }
  }

  @Test func emptyAndTinySignals() throws {
    for padding in FramePadding.allCases {
      let stft = try STFT(STFTLayout(fftSize: 64, hopSamples: 16, padding: padding))
      #expect(stft([]).frameCount == 0)
      #expect(stft.inverse(stft([]), sampleCount: 0).isEmpty)
      for count in 1..<70 {
        let frames = stft(noise(count))
        #expect(frames.frameCount == stft.layout.frameCount(samples: count))
        #expect(stft.inverse(frames, sampleCount: count).count == count)
      }
    }
  }

  @Test func maskOfOnesChangesNothing() throws {
    let stft = try STFT(STFTLayout(fftSize: 512, hopSamples: 128))
    var frames = stft(noise(4000))
    let before = frames
    frames.scale(by: [Float](repeating: 1, count: frames.frameCount * 257))
    #expect(frames == before)
    frames.scale(by: [Float](repeating: 0.5, count: frames.frameCount * 257))
    #expect(zip(frames.magnitudes(), before.magnitudes()).allSatisfy { $0 == $1 * 0.5 })
  }
}
