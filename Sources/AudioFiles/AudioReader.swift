import Foundation

/// Where a reader takes its samples from.
protocol SampleSource: AnyObject {
  var info: AudioInfo { get }
  /// Fills `out` with up to `frames` interleaved frames; fewer only at the end.
  func read(frames: Int, into out: UnsafeMutablePointer<Double>) throws -> Int
  func seek(toFrame frame: Int) throws
}

/// Streams a sound file from start to end.
///
/// WAV (8/16/24/32-bit, float, extensible, RF64), AIFF, CAF, AU, W64, FLAC, Ogg Vorbis, Opus and
/// MP3 are read by libsndfile; `.m4a`, `.aac` and the sound of videos by a child process of
/// `ffmpeg` where it is installed. Samples arrive as 64-bit floats that hold every integer and
/// 32-bit float sample exactly. Samples that are NaN or infinite are read as 0 and counted.
public final class AudioReader {
  public let path: String
  public var info: AudioInfo { source.info }
  /// Frames read so far, or the frame last sought.
  public private(set) var position = 0
  /// Samples that were not finite in the file and were read as 0.
  public private(set) var nonFiniteSampleCount = 0

  private let source: any SampleSource

  /// Opens a file and checks its header.
  /// - Throws: `AudioFileError` with one line that says what is wrong.
  public convenience init(path: String) throws {
    try self.init(path: path, tools: FFmpegTools.installed())
  }

  package init(path: String, tools: FFmpegTools?) throws {
    self.path = path
    try Self.checkRegularFile(path)
    if FFmpegTools.mediaExtensions.contains(AudioContainer.fileExtension(of: path)) {
      source = try FFmpegSource(path: path, tools: tools)
    } else {
      do {
        source = try SndFileSource(path: path)
      } catch let error as AudioFileError {
        guard case .unreadable = error,
          FFmpegTools.looksLikeMedia(path: path, tools: tools)
        else { throw error }
        source = try Self.openMedia(path: path, tools: tools, former: error)
      }
    }
  }

  /// The next frames: fewer than asked only at the end, none behind it.
  /// - Throws: `.truncated` when the file stops before its announced length.
  public func read(frames: Int) throws -> AudioBlock {
    let channels = info.channelCount
    let wanted = max(0, min(frames, info.frameCount - position))
    var failure: (any Error)?
    var samples = [Double](unsafeUninitializedCapacity: wanted * channels) { out, filled in
      var done = 0
      do {
        while done < wanted {
          let got = try source.read(
            frames: wanted - done, into: out.baseAddress! + done * channels)
          if got == 0 { break }
          done += got
        }
      } catch { failure = error }
      filled = done * channels
    }
    if let failure { throw failure }
    let got = samples.count / channels
    position += got
    guard got == wanted else {
      throw AudioFileError.truncated(
        path: path, expectedFrames: info.frameCount, gotFrames: position)
    }
    silenceNonFinite(&samples)
    return AudioBlock(channelCount: channels, samples: samples)
  }

  /// Everything from the present position on. For short files: the rest is held in memory.
  public func readAll() throws -> AudioBlock {
    try read(frames: info.frameCount - position)
  }

  /// Continues at another frame, sample-exactly.
  public func seek(toFrame frame: Int) throws {
    precondition(frame >= 0)
    let target = min(frame, info.frameCount)
    if target != position { try source.seek(toFrame: target) }
    position = target
  }

  /// What libsndfile could not read goes to ffmpeg; where that fails too, its guess at the format
  /// says less than the `former` error.
  private static func openMedia(
    path: String, tools: FFmpegTools?, former: AudioFileError
  ) throws -> FFmpegSource {
    do {
      return try FFmpegSource(path: path, tools: tools)
    } catch AudioFileError.unreadable {
      throw former
    }
  }

  private func silenceNonFinite(_ samples: inout [Double]) {
    // x * 0 is 0 for finite x and NaN otherwise, so one sum finds the rare bad block.
    var probe = 0.0
    for x in samples { probe += x * 0 }
    guard probe.isNaN else { return }
    for i in samples.indices where !samples[i].isFinite {
      samples[i] = 0
      nonFiniteSampleCount += 1
    }
  }

  private static func checkRegularFile(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw errno == ENOENT || errno == ENOTDIR
        ? AudioFileError.notFound(path: path)
        : AudioFileError.system(path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw AudioFileError.notAFile(path: path) }
    guard status.st_size > 0 else { throw AudioFileError.empty(path: path) }
    guard access(path, R_OK) == 0 else {
      throw AudioFileError.system(path: path, code: errno)
    }
  }
}
