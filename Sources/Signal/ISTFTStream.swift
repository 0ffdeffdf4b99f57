import Tensors

/// The inverse of ``STFT`` for frames that arrive in blocks: gives each sample as soon as no later
/// frame can change it.
public struct ISTFTStream: Sendable {
  public let stft: STFT
  /// Length of the whole signal.
  public let sampleCount: Int

  /// Sums of overlapping frames from the first unfinished sample on, and of their squared windows.
  private var sums: [Float]
  private var weights: [Float]
  private let squaredWindow: [Float]
  /// Finished samples that belong to the padding before the signal and are still to be left out.
  private var headLeft: Int
  private var givenSamples = 0

  public init(_ stft: STFT, sampleCount: Int) {
    self.stft = stft
    self.sampleCount = sampleCount
    squaredWindow = stft.window.map { $0 * $0 }
    sums = [Float](repeating: 0, count: stft.layout.fftSize)
    weights = sums
    headLeft = stft.layout.paddingSamples
  }

  /// Frames that are transformed at once; bounds the memory, whatever a call brings.
  private static let framesPerBatch = 256

  /// Takes frames and gives the samples that are finished.
  public mutating func push(_ frames: ComplexFrames) -> [Float] {
    precondition(frames.binCount == stft.layout.binCount)
    var output: [Float] = []
    output.reserveCapacity(frames.frameCount * stft.layout.hopSamples)
    var start = 0
    while start < frames.frameCount {
      let end = min(start + Self.framesPerBatch, frames.frameCount)
      add(frames, start..<end, into: &output)
      start = end
    }
    return output
  }

  /// Ends the frames and gives the rest, up to exactly `sampleCount` samples (zeros where no
  /// frame reaches).
  public mutating func finish() -> [Float] {
    var output: [Float] = []
    emit(stft.layout.fftSize, into: &output)
    let missing = max(0, sampleCount - givenSamples)
    output += repeatElement(0, count: missing)
    givenSamples += missing
    return output
  }

  private mutating func add(
    _ frames: ComplexFrames, _ range: Range<Int>, into output: inout [Float]
  ) {
    let (size, hop) = (stft.layout.fftSize, stft.layout.hopSamples)
    let windowed = windowedFrames(frames, range)
    for t in 0..<range.count {
      windowed.withUnsafeBufferPointer { source in
        sums.withUnsafeMutableBufferPointer { sums in
          for i in 0..<size { sums[i] += source[t * size + i] }
        }
      }
      squaredWindow.withUnsafeBufferPointer { squares in
        weights.withUnsafeMutableBufferPointer { weights in
          for i in 0..<size { weights[i] += squares[i] }
        }
      }
      emit(hop, into: &output)
      shift(by: hop)
    }
  }

  private func windowedFrames(_ frames: ComplexFrames, _ range: Range<Int>) -> [Float] {
    let (size, width, stft) = (stft.layout.fftSize, 2 * frames.binCount, stft)
    return [Float](unsafeUninitializedCapacity: range.count * size) { out, filled in
      frames.values.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source.baseAddress! + range.lowerBound * width
        nonisolated(unsafe) let out = out.baseAddress!
        parallelRanges(range.count, grain: STFT.framesPerTask) { part in
          let scratch = FFTScratch(size: size)
          for t in part { stft.inverse(source + t * width, into: out + t * size, scratch) }
        }
      }
      filled = range.count * size
    }
  }

  /// Where the squared windows add up to less, the sample was never really in a frame.
  private static let smallestWeight: Float = 1e-8

  /// Appends the first `count` sums, divided by their weights, as far as they are the signal's.
  private mutating func emit(_ count: Int, into output: inout [Float]) {
    let skipped = min(headLeft, count)
    headLeft -= skipped
    let end = min(count, skipped + sampleCount - givenSamples)
    guard end > skipped else { return }
    sums.withUnsafeBufferPointer { sums in
      weights.withUnsafeBufferPointer { weights in
        for i in skipped..<end {
          output.append(weights[i] > Self.smallestWeight ? sums[i] / weights[i] : 0)
        }
      }
    }
    givenSamples += end - skipped
  }

  private mutating func shift(by hop: Int) {
    func slide(_ values: inout [Float]) {
      values.withUnsafeMutableBufferPointer { buffer in
        let base = buffer.baseAddress!
        base.update(from: base + hop, count: buffer.count - hop)
        (base + buffer.count - hop).update(repeating: 0, count: hop)
      }
    }
    slide(&sums)
    slide(&weights)
  }
}
