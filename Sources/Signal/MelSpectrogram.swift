import Foundation
import Tensors

/// Mel values of successive frames.
public struct MelFrames: Sendable, Equatable {
  public let bandCount: Int
  /// `[frame][band]`.
  public var values: [Float]
  public var frameCount: Int { values.count / bandCount }

  public init(bandCount: Int, values: [Float] = []) {
    precondition(bandCount > 0 && values.count % bandCount == 0)
    self.bandCount = bandCount
    self.values = values
  }

  /// Puts the frames of `other` behind these.
  public mutating func append(_ other: MelFrames) {
    precondition(other.bandCount == bandCount)
    values.append(contentsOf: other.values)
  }
}

/// Sound to mel frames, as a ``MelLayout`` says.
public struct MelSpectrogram: Sendable {
  public let layout: MelLayout
  public let stft: STFT
  public let filters: MelFilters

  public init(_ layout: MelLayout) throws {
    filters = try MelFilters(layout)
    stft = try STFT(layout.stft)
    self.layout = layout
  }

  /// Mel frames of a whole signal at `layout.sampleRateHz`.
  public func callAsFunction(_ samples: [Float]) -> MelFrames {
    var stream = MelStream(self)
    return stream.finish(after: samples)
  }

  /// Mel frames of spectra that are there already.
  public func callAsFunction(_ spectra: ComplexFrames) -> MelFrames {
    precondition(spectra.binCount == layout.stft.binCount)
    let (frames, width) = (spectra.frameCount, 2 * spectra.binCount)
    return spectra.values.withUnsafeBufferPointer { source in
      nonisolated(unsafe) let source = source.baseAddress
      return makeFrames(frames) { t, scratch, bands in
        magnitudes(source! + t * width, scratch.real)
        finish(scratch.real, bands)
      }
    }
  }

  /// Frames cut from `samples`, frame t at t · hop.
  func frames(_ samples: UnsafePointer<Float>?, count: Int) -> MelFrames {
    nonisolated(unsafe) let samples = samples
    return makeFrames(count) { t, scratch, bands in
      stft.transform(samples! + t * layout.stft.hopSamples, scratch)
      magnitudes(scratch.interleaved, scratch.real)
      finish(scratch.real, bands)
    }
  }

  private func makeFrames(
    _ count: Int, _ body: (Int, FFTScratch, UnsafeMutablePointer<Float>) -> Void
  ) -> MelFrames {
    let values = [Float](unsafeUninitializedCapacity: count * layout.bands) { out, filled in
      nonisolated(unsafe) let out = out.baseAddress
      parallelRanges(count, grain: STFT.framesPerTask) { range in
        let scratch = FFTScratch(size: layout.stft.fftSize)
        for t in range { body(t, scratch, out! + t * layout.bands) }
      }
      filled = count * layout.bands
    }
    return MelFrames(bandCount: layout.bands, values: values)
  }

  /// `[bin][re, im]` to magnitudes or powers `[bin]`; `out` holds at least as many.
  private func magnitudes(_ spectrum: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
    let bins = layout.stft.binCount
    let offset = Float(layout.powerOffset)
    let takesRoot = layout.power == 1
    var bin = 0
    while bin + 8 <= bins {
      let pair = UnsafeRawPointer(spectrum + 2 * bin).loadUnaligned(as: SIMD16<Float>.self)
      let (re, im) = (pair.evenHalf, pair.oddHalf)
      let power = re * re + im * im + offset
      let value = takesRoot ? power.squareRoot() : power
      UnsafeMutableRawPointer(out + bin).storeBytes(of: value, as: SIMD8<Float>.self)
      bin += 8
    }
    while bin < bins {
      let (re, im) = (spectrum[2 * bin], spectrum[2 * bin + 1])
      let power = re * re + im * im + offset
      out[bin] = takesRoot ? power.squareRoot() : power
      bin += 1
    }
  }

  /// Filters and compression of one frame.
  private func finish(_ bins: UnsafePointer<Float>, _ bands: UnsafeMutablePointer<Float>) {
    filters.apply(bins, into: bands)
    let floor = Float(layout.floor)
    switch layout.compression {
    case .none: break
    case .ln:
      for i in 0..<layout.bands { bands[i] = logf(max(bands[i], floor)) }
    case .log10:
      for i in 0..<layout.bands { bands[i] = log10f(max(bands[i], floor)) }
    case .dB:
      let factor: Float = layout.power == 2 ? 10 : 20
      for i in 0..<layout.bands { bands[i] = factor * log10f(max(bands[i], floor)) }
    }
  }
}

/// ``MelSpectrogram`` of a signal that arrives in blocks: the same frames, whatever the blocks.
public struct MelStream: Sendable {
  public let mel: MelSpectrogram
  private var framer: Framer

  public init(_ mel: MelSpectrogram) {
    self.mel = mel
    framer = Framer(mel.layout.stft)
  }

  /// Takes samples and gives the frames that are complete.
  public mutating func push(_ samples: [Float]) -> MelFrames {
    samples.withUnsafeBufferPointer { framer.push($0) }
    return takeReady()
  }

  /// Ends the signal and gives its last frames.
  public mutating func finish() -> MelFrames {
    framer.finish()
    return takeReady()
  }

  /// Takes the last samples, ends the signal and gives all frames that are left.
  mutating func finish(after samples: [Float]) -> MelFrames {
    samples.withUnsafeBufferPointer { framer.push($0) }
    return finish()
  }

  private mutating func takeReady() -> MelFrames {
    let count = framer.readyFrames
    let frames = framer.buffer.withUnsafeBufferPointer { source in
      mel.frames(source.baseAddress.map { $0 + framer.frameStart }, count: count)
    }
    framer.drop(frames: count)
    return frames
  }
}
