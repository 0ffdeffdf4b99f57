import CSndFile
import Foundation

/// Streams sound into a new file.
///
/// The format is what the output's name says (`.m4a` and `.aac` are encoded by ffmpeg from a lossless
/// working file); rate, channels, sample encoding and tags are kept from the input as far as that
/// format can. The file grows under a temporary name in the same
/// folder and takes its own on `commit()`; a failure, `discard()` or the writer's end before that
/// deletes it. Integer samples are rounded to nearest without dither, so that samples read from a
/// file of the same encoding are written back bit for bit.
public final class AudioWriter {
  public let path: String
  public let plan: OutputPlan
  /// Samples that lay beyond full scale and were held at it (integer encodings).
  public private(set) var clippedSampleCount = 0
  /// Frames taken so far, at the input's rate.
  public private(set) var frameCount = 0

  private let info: AudioInfo
  private let temporary: String
  private let encoder: AACEncoder?
  private var handle: OpaquePointer?
  private var resampler: StreamResampler?
  private var words: [Int32] = []
  private var storedFrames = 0

  /// - Parameters:
  ///   - path: its ending chooses the format.
  ///   - info: properties to keep; `frameCount` only decides between WAV and RF64.
  ///   - encoding: overrides the sample encoding of `info`.
  ///   - overwrite: whether an existing file may be replaced (at `commit()`).
  public convenience init(
    path: String, like info: AudioInfo, encoding: SampleEncoding? = nil, overwrite: Bool = true
  ) throws {
    try self.init(
      path: path, like: info, encoding: encoding, overwrite: overwrite,
      tools: FFmpegTools.installed())
  }

  /// - Parameter tools: ffmpeg, if it is there.
  package init(
    path: String, like info: AudioInfo, encoding: SampleEncoding? = nil, overwrite: Bool = true,
    tools: FFmpegTools?
  ) throws {
    self.path = path
    self.info = info
    plan = try OutputPlan(path: path, like: info, encoding: encoding, tools: tools)
    if !overwrite, access(path, F_OK) == 0 { throw AudioFileError.exists(path: path) }
    if let tools, plan.container == .media {
      encoder = AACEncoder(
        tools: tools, source: TemporaryOutputs.reserve(for: path + ".rf64"))
    } else {
      encoder = nil
    }
    temporary = TemporaryOutputs.reserve(for: path)
    if plan.sampleRate != info.sampleRate {
      resampler = try StreamResampler(
        from: info.sampleRate, to: plan.sampleRate, channelCount: info.channelCount)
    }
    try openHandle()
  }

  deinit { discard() }

  /// Appends frames.
  /// - Throws: `.notFinite` for NaN or infinite samples, `.cannotWrite` when the disk is full.
  public func write(_ block: AudioBlock) throws {
    precondition(block.channelCount == info.channelCount)
    try checkFinite(block)
    frameCount += block.frameCount
    if let resampler {
      try store(try resampler.process(block))
    } else {
      try store(block)
    }
  }

  /// Finishes the file and gives it its name.
  /// - Returns: what could not be kept of the input's properties and tags.
  @discardableResult
  public func commit() throws -> [AudioWarning] {
    if let resampler {
      try store(try resampler.finish())
      self.resampler = nil
    }
    guard let handle else {
      throw AudioFileError.cannotWrite(path: path, reason: "the file was closed before")
    }
    sf_write_sync(handle)
    self.handle = nil
    errno = 0
    guard sf_close(handle) == 0 else { throw failed("closing failed; is the disk full?") }
    if let encoder {
      do {
        try encoder.encode(
          to: temporary, tags: info.tags, channels: info.channelCount, path: path)
      } catch {
        removeTemporaries()
        throw error
      }
      unlink(encoder.source)
      TemporaryOutputs.release(encoder.source)
    }
    if plan.container == .oggVorbis || plan.container == .opus {
      try OggSerial.makeReproducible(temporary)
    } else if plan.container == .rf64 {
      try PeakTime.makeReproducible(temporary)
    }
    let warnings = plan.warnings + lostMetadata()
    guard rename(temporary, path) == 0 else { throw failed("renaming failed") }
    TemporaryOutputs.release(temporary)
    return warnings
  }

  /// Deletes what was written. Does nothing after `commit()`.
  public func discard() {
    if let handle {
      self.handle = nil
      sf_close(handle)
      removeTemporaries()
    }
  }

  // MARK: -

  private func removeTemporaries() {
    for path in [temporary, encoder?.source].compactMap(\.self) {
      unlink(path)
      TemporaryOutputs.release(path)
    }
  }

  private func openHandle() throws {
    var header = SF_INFO()
    header.samplerate = Int32(plan.sampleRate)
    header.channels = Int32(info.channelCount)
    let subformat = plan.encoding.subformat(in: plan.container)
    header.format = Int32(plan.container.majorFormat | subformat)
    errno = 0
    guard let opened = sf_open(encoder?.source ?? temporary, Int32(SFM_WRITE), &header) else {
      throw failed(String(cString: sf_strerror(nil)))
    }
    handle = opened
    // Peak chunks carry the time of day; without them the same sound gives the same bytes.
    sf_command(opened, Int32(SFC_SET_ADD_PEAK_CHUNK), nil, Int32(SF_FALSE))
    if plan.container.majorFormat == SF_FORMAT_RF64 {
      sf_command(opened, Int32(SFC_RF64_AUTO_DOWNGRADE), nil, Int32(SF_TRUE))
    }
    if plan.container.isLossy, encoder == nil {
      sf_command(opened, Int32(SFC_SET_CLIPPING), nil, Int32(SF_TRUE))
      var quality = Self.codecQuality
      let size = Int32(MemoryLayout<Double>.size)
      sf_command(opened, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, size)
    }
    if !info.channelMap.isEmpty {
      var map = info.channelMap
      let bytes = Int32(map.count * MemoryLayout<Int32>.size)
      sf_command(opened, Int32(SFC_SET_CHANNEL_MAP_INFO), &map, bytes)
    }
    for (tag, text) in info.tags { sf_set_string(opened, tag.code, text) }
  }

  /// Share of the codec's best variable bit rate: transparent for music, a third of its size.
  private static let codecQuality = 0.8

  /// libsndfile's Vorbis encoder keeps a whole call on the stack, hence small blocks.
  private static let framesPerCall = 4096

  private func store(_ block: AudioBlock) throws {
    guard let handle else {
      throw AudioFileError.cannotWrite(path: path, reason: "the file was closed before")
    }
    let channels = block.channelCount
    var written = 0
    errno = 0
    if case .integer(let bits) = plan.encoding {
      if words.count < block.samples.count {
        words = [Int32](repeating: 0, count: block.samples.count)
      }
      clippedSampleCount += Quantiser.quantise(block.samples, bits: bits, into: &words)
      written = Int(sf_writef_int(handle, words, sf_count_t(block.frameCount)))
    } else {
      block.samples.withUnsafeBufferPointer { source in
        while written < block.frameCount {
          let count = min(Self.framesPerCall, block.frameCount - written)
          let start = source.baseAddress! + written * channels
          let got = Int(sf_writef_double(handle, start, sf_count_t(count)))
          written += got
          if got < count { break }
        }
      }
    }
    guard written == block.frameCount else { throw failed("writing failed; is the disk full?") }
    storedFrames += written
  }

  private func checkFinite(_ block: AudioBlock) throws {
    var probe = 0.0
    for x in block.samples { probe += x * 0 }
    guard probe.isNaN, let bad = block.samples.firstIndex(where: { !$0.isFinite }) else { return }
    let seconds = Double(frameCount + bad / block.channelCount) / Double(info.sampleRate)
    discard()
    throw AudioFileError.notFinite(path: path, seconds: seconds)
  }

  /// Compares the finished file with what was wanted, which needs no table of each format's tags.
  private func lostMetadata() -> [AudioWarning] {
    let stored: AudioInfo?
    if let encoder {
      stored = try? MediaProbe.describe(path: temporary, tools: encoder.tools)
    } else {
      stored = try? SndFileSource(path: temporary).info
    }
    guard let kept = stored?.tags else { return [] }
    var lost: [String] = []
    for tag in AudioTag.allCases {
      guard let text = info.tags[tag] else { continue }
      // libsndfile adds its own name to the software tag.
      let same = tag == .software ? kept[tag]?.hasPrefix(text) == true : kept[tag] == text
      if !same { lost.append(tag.rawValue) }
    }
    return (lost + info.otherMetadata).map {
      AudioWarning("\(plan.container.title) output does not keep the tag: \($0)")
    }
  }

  /// Discards the file.
  /// - Parameter reason: for when the system gave none in errno.
  private func failed(_ reason: String) -> AudioFileError {
    let code = errno
    if let handle { sf_close(handle) }
    handle = nil
    removeTemporaries()
    return code == 0 ? .cannotWrite(path: path, reason: reason) : .system(path: path, code: code)
  }
}
