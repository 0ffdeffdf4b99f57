import CSoxr

/// Changes the sample rate of a stream with libsoxr at its very high quality (28-bit, linear
/// phase, pass-band to 0.91 of the lower Nyquist frequency), in 64-bit arithmetic on one thread.
///
/// The whole output has exactly `outputLength(...)` frames and is aligned with the input.
public final class StreamResampler {
  public let inputRate: Int
  public let outputRate: Int
  public let channelCount: Int

  private let handle: OpaquePointer
  private var takenFrames = 0
  private var givenFrames = 0

  /// - Parameters: rates in Hz, both positive.
  public init(from inputRate: Int, to outputRate: Int, channelCount: Int) throws {
    precondition(inputRate > 0 && outputRate > 0 && channelCount > 0)
    self.inputRate = inputRate
    self.outputRate = outputRate
    self.channelCount = channelCount
    var samples = soxr_io_spec(SOXR_FLOAT64_I, SOXR_FLOAT64_I)
    var quality = soxr_quality_spec(UInt(SOXR_VHQ), 0)
    var runtime = soxr_runtime_spec(1)
    var failure: soxr_error_t?
    guard
      let created = soxr_create(
        Double(inputRate), Double(outputRate), UInt32(channelCount), &failure, &samples, &quality,
        &runtime)
    else {
      throw AudioFileError.resampling(reason: failure.map { String(cString: $0) } ?? "no memory")
    }
    handle = created
  }

  deinit { soxr_delete(handle) }

  /// Frames that `frames` input frames become: frames · to / from, rounded half up.
  public static func outputLength(frames: Int, from inputRate: Int, to outputRate: Int) -> Int {
    (frames * outputRate + inputRate / 2) / inputRate
  }

  /// Takes some input and gives what output is ready (may be empty).
  public func process(_ block: AudioBlock) throws -> AudioBlock {
    precondition(block.channelCount == channelCount)
    takenFrames += block.frameCount
    let room = Self.outputLength(frames: block.frameCount, from: inputRate, to: outputRate) + 8192
    var output: [Double] = []
    var consumed = 0
    while consumed < block.frameCount {
      let (used, part) = try run(block, from: consumed, room: room)
      consumed += used
      output += part
      if used == 0 && part.isEmpty {
        throw AudioFileError.resampling(reason: "the resampler takes no more input")
      }
    }
    givenFrames += output.count / channelCount
    return AudioBlock(channelCount: channelCount, samples: output)
  }

  /// Ends the input and gives the rest, up to the exact total length.
  public func finish() throws -> AudioBlock {
    let total = Self.outputLength(frames: takenFrames, from: inputRate, to: outputRate)
    var output: [Double] = []
    while takenFrames > 0 {
      let (_, part) = try run(nil, from: 0, room: 8192)
      if part.isEmpty { break }
      output += part
    }
    let wanted = max(0, total - givenFrames) * channelCount
    if output.count > wanted { output.removeLast(output.count - wanted) }
    if output.count < wanted { output += repeatElement(0, count: wanted - output.count) }
    givenFrames += wanted / channelCount
    return AudioBlock(channelCount: channelCount, samples: output)
  }

  /// One call of the library; nil input drains it.
  private func run(_ block: AudioBlock?, from start: Int, room: Int) throws -> (Int, [Double]) {
    var (used, made) = (0, 0)
    var failure: soxr_error_t?
    let output = [Double](unsafeUninitializedCapacity: room * channelCount) { out, filled in
      if let block {
        block.samples.withUnsafeBufferPointer { input in
          failure = soxr_process(
            handle, input.baseAddress! + start * channelCount, block.frameCount - start, &used,
            out.baseAddress!, room, &made)
        }
      } else {
        failure = soxr_process(handle, nil, 0, nil, out.baseAddress!, room, &made)
      }
      filled = made * channelCount
    }
    if let failure { throw AudioFileError.resampling(reason: String(cString: failure)) }
    return (used, output)
  }

  /// Resamples a whole buffer.
  public static func resample(
    _ samples: [Float], from inputRate: Int, to outputRate: Int
  ) throws -> [Float] {
    if inputRate == outputRate { return samples }
    let resampler = try StreamResampler(from: inputRate, to: outputRate, channelCount: 1)
    var output = try resampler.process(AudioBlock(channels: [samples]))
    output.append(try resampler.finish())
    return output.channel(0)
  }
}
