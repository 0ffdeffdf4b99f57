/// Mirrored positions: …, 2, 1, 0, 1, 2, …, n−2, n−1, n−2, … (the ends are not repeated), however
/// far outside of the signal.
func mirrored(_ index: Int, count: Int) -> Int {
  if count == 1 { return 0 }
  let period = 2 * (count - 1)
  let phase = ((index % period) + period) % period
  return phase < count ? phase : period - phase
}

/// Cuts a signal that arrives in blocks into overlapping frames, with the layout's padding.
///
/// The frames are the same however the signal was cut into blocks.
struct Framer: Sendable {
  let layout: STFTLayout
  /// Padded samples: all that coming frames need, and enough before them to mirror the tail.
  private(set) var buffer: [Float] = []
  /// Where in `buffer` the next frame begins; may lie behind its end.
  private(set) var frameStart = 0
  /// Samples taken so far.
  private(set) var sampleCount = 0
  private var headIsIn = false
  private var isFinished = false

  init(_ layout: STFTLayout) { self.layout = layout }

  /// Frames that lie complete in `buffer`, frame t at offset frameStart + t · hop.
  var readyFrames: Int {
    let available = buffer.count - frameStart
    guard headIsIn, available >= layout.fftSize else { return 0 }
    return 1 + (available - layout.fftSize) / layout.hopSamples
  }

  mutating func push(_ samples: UnsafeBufferPointer<Float>) {
    precondition(!isFinished, "the signal has ended")
    if buffer.isEmpty { buffer.reserveCapacity(samples.count + 2 * layout.paddingSamples) }
    buffer.append(contentsOf: samples)
    sampleCount += samples.count
    // The mirrored head needs as many samples as it is long, and one more.
    if !headIsIn && sampleCount > layout.paddingSamples { insertHead() }
  }

  /// Ends the signal: pads its tail.
  mutating func finish() {
    precondition(!isFinished, "the signal has ended")
    isFinished = true
    let pad = layout.paddingSamples
    guard pad > 0, sampleCount > 0 else {
      headIsIn = true
      return
    }
    if layout.padding == .centredZeros {
      if !headIsIn { insertHead() }
      buffer.append(contentsOf: repeatElement(0, count: pad))
    } else if headIsIn {
      let end = buffer.count
      for i in 0..<pad { buffer.append(buffer[end - 2 - i]) }
    } else {
      let signal = buffer
      buffer = (-pad..<signal.count + pad).map { signal[mirrored($0, count: signal.count)] }
      headIsIn = true
    }
  }

  /// Lets go of `frames` frames.
  mutating func drop(frames: Int) {
    frameStart += frames * layout.hopSamples
    let history = layout.paddingSamples + 1
    let spare = min(frameStart, buffer.count - history)
    guard spare > 0 else { return }
    buffer.removeFirst(spare)
    frameStart -= spare
  }

  private mutating func insertHead() {
    let pad = layout.paddingSamples
    headIsIn = true
    if layout.padding == .centredZeros {
      buffer.insert(contentsOf: repeatElement(0, count: pad), at: 0)
    } else {
      buffer.insert(contentsOf: (0..<pad).map { buffer[pad - $0] }, at: 0)
    }
  }
}
