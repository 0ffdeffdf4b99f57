import Foundation
import Tensors

/// Complex spectra of successive frames.
public struct ComplexFrames: Sendable, Equatable {
  public let binCount: Int
  /// `[frame][bin][re, im]`.
  public var values: [Float]
  public var frameCount: Int { values.count / (2 * binCount) }

  public init(binCount: Int, values: [Float] = []) {
    precondition(binCount > 0 && values.count % (2 * binCount) == 0)
    self.binCount = binCount
    self.values = values
  }

  /// Puts the frames of `other` behind these.
  public mutating func append(_ other: ComplexFrames) {
    precondition(other.binCount == binCount)
    values.append(contentsOf: other.values)
  }

  /// Multiplies every bin with its factor.
  /// - Parameter mask: `[frame][bin]`, as many frames.
  public mutating func scale(by mask: [Float]) {
    precondition(mask.count * 2 == values.count)
    values.withUnsafeMutableBufferPointer { out in
      mask.withUnsafeBufferPointer { factor in
        for i in 0..<factor.count {
          out[2 * i] *= factor[i]
          out[2 * i + 1] *= factor[i]
        }
      }
    }
  }

  /// Absolute values `[frame][bin]`.
  public func magnitudes() -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count / 2) { out, filled in
      values.withUnsafeBufferPointer { source in
        for i in 0..<source.count / 2 {
          let (re, im) = (source[2 * i], source[2 * i + 1])
          out[i] = (re * re + im * im).squareRoot()
        }
      }
      filled = values.count / 2
    }
  }
}

/// Short-time Fourier transform and its inverse, equal to `torch.stft` and `torch.istft` with a
/// periodic Hann window (not normalised, one-sided).
///
/// `inverse(self(x), sampleCount: x.count)` gives x back to rounding wherever windows overlap:
/// everywhere with `.centred` padding and hop ≤ windowSamples / 2.
public struct STFT: Sendable {
  public let layout: STFTLayout
  /// Hann window, centred in `fftSize` samples with zeros around it.
  let window: [Float]
  private let forwardPlan: FFTPlan
  private let inversePlan: FFTPlan

  /// Frames that one task of a parallel loop takes.
  static let framesPerTask = 32

  public init(_ layout: STFTLayout) throws {
    try layout.validate()
    self.layout = layout
    window = Self.hann(layout)
    forwardPlan = FFTPlan.plan(size: layout.fftSize, direction: .forward)
    inversePlan = FFTPlan.plan(size: layout.fftSize, direction: .inverse)
  }

  /// Spectra of a whole signal.
  public func callAsFunction(_ samples: [Float]) -> ComplexFrames {
    var stream = STFTStream(self)
    return stream.finish(after: samples)
  }

  /// The signal whose frames these are, exactly `sampleCount` long: overlap-add of windowed
  /// frames, divided by the sum of squared windows.
  public func inverse(_ frames: ComplexFrames, sampleCount: Int) -> [Float] {
    var stream = ISTFTStream(self, sampleCount: sampleCount)
    var samples = stream.push(frames)
    samples += stream.finish()
    return samples
  }

  private static func hann(_ layout: STFTLayout) -> [Float] {
    var window = [Float](repeating: 0, count: layout.fftSize)
    let start = (layout.fftSize - layout.windowSamples) / 2
    for i in 0..<layout.windowSamples {
      let phase = 2 * Double.pi * Double(i) / Double(layout.windowSamples)
      window[start + i] = Float(0.5 - 0.5 * cos(phase))
    }
    return window
  }

  /// Transforms one frame into `scratch.interleaved`.
  func transform(_ samples: UnsafePointer<Float>, _ scratch: FFTScratch) {
    window.withUnsafeBufferPointer { window in
      let out = scratch.real
      for i in 0..<window.count { out[i] = samples[i] * window[i] }
    }
    forwardPlan.forward(scratch)
  }

  /// Transforms back one frame `[bin][re, im]`, windowed and scaled.
  func inverse(
    _ spectrum: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, _ scratch: FFTScratch
  ) {
    scratch.interleaved.update(from: spectrum, count: 2 * layout.binCount)
    inversePlan.inverse(scratch)
    let scale = 1 / Float(layout.fftSize)
    window.withUnsafeBufferPointer { window in
      for i in 0..<window.count { out[i] = scratch.real[i] * (window[i] * scale) }
    }
  }
}

/// ``STFT`` of a signal that arrives in blocks: the same frames, whatever the blocks.
public struct STFTStream: Sendable {
  public let stft: STFT
  private var framer: Framer

  public init(_ stft: STFT) {
    self.stft = stft
    framer = Framer(stft.layout)
  }

  /// Takes samples and gives the frames that are complete.
  public mutating func push(_ samples: [Float]) -> ComplexFrames {
    samples.withUnsafeBufferPointer { framer.push($0) }
    return takeReady()
  }

  /// Ends the signal and gives its last frames.
  public mutating func finish() -> ComplexFrames {
    framer.finish()
    return takeReady()
  }

  /// Takes the last samples, ends the signal and gives all frames that are left.
  mutating func finish(after samples: [Float]) -> ComplexFrames {
    samples.withUnsafeBufferPointer { framer.push($0) }
    return finish()
  }

  private mutating func takeReady() -> ComplexFrames {
    let (frames, layout, stft) = (framer.readyFrames, stft.layout, stft)
    let width = 2 * layout.binCount
    let values = [Float](unsafeUninitializedCapacity: frames * width) { out, filled in
      framer.buffer.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source.baseAddress.map { $0 + framer.frameStart }
        nonisolated(unsafe) let out = out.baseAddress
        parallelRanges(frames, grain: STFT.framesPerTask) { range in
          let scratch = FFTScratch(size: layout.fftSize)
          for t in range {
            stft.transform(source! + t * layout.hopSamples, scratch)
            (out! + t * width).update(from: scratch.interleaved, count: width)
          }
        }
      }
      filled = frames * width
    }
    framer.drop(frames: frames)
    return ComplexFrames(binCount: layout.binCount, values: values)
  }
}
