import Foundation

/// The two programs that read what libsndfile does not.
package struct FFmpegTools: Sendable {
  let ffmpeg: String
  let ffprobe: String

  /// Name endings that go to ffmpeg at once.
  static let mediaExtensions: Set<String> = [
    "m4a", "m4b", "aac", "mp4", "m4v", "mov", "mkv", "mka", "webm", "avi", "wma", "wmv", "3gp",
    "ac3", "ape", "wv", "mpg", "mpeg", "ts",
  ]

  /// The programs as found on `searchPath` (colon-separated; default: the environment's `PATH`).
  package static func installed(searchPath: String? = nil) -> FFmpegTools? {
    let path = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
    func find(_ name: String) -> String? {
      path.split(separator: ":").map { "\($0)/\(name)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
    guard let ffmpeg = find("ffmpeg"), let ffprobe = find("ffprobe") else { return nil }
    return FFmpegTools(ffmpeg: ffmpeg, ffprobe: ffprobe)
  }

  /// True when the first bytes are those of MP4, Matroska, ASF or ADTS, whatever the name says, or
  /// of an Ogg file (with FLAC, Speex … in it) and ffmpeg is there to try.
  static func looksLikeMedia(path: String, tools: FFmpegTools?) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    guard let head = try? file.read(upToCount: 12), head.count == 12 else { return false }
    let bytes = [UInt8](head)
    return bytes[4..<8].elementsEqual("ftyp".utf8) || bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3])
      || bytes.starts(with: [0x30, 0x26, 0xB2, 0x75])
      || (bytes[0] == 0xFF && bytes[1] & 0xF6 == 0xF0)
      || (tools != nil && bytes.starts(with: "OggS".utf8))
  }
}

/// Samples of a media file through a child process of ffmpeg that writes raw 64-bit floats.
final class FFmpegSource: SampleSource {
  private(set) var info: AudioInfo
  private let path: String
  private let tools: FFmpegTools
  private var child: DecodingChild?

  init(path: String, tools: FFmpegTools?) throws {
    guard let tools else { throw AudioFileError.needsFFmpeg(path: path) }
    self.path = path
    self.tools = tools
    info = try MediaProbe.describe(path: path, tools: tools)
    try SndFileSource.checkLimits(
      path: path, rate: info.sampleRate, channels: info.channelCount)
    // The container's duration is a rounded estimate: only decoding tells the exact length.
    let counter = try DecodingChild(path: path, tools: tools, format: "u8")
    info.frameCount = try counter.countBytes() / info.channelCount
    if let complaint = counter.complaint { info.notices.append("ffmpeg: \(complaint)") }
    guard info.frameCount > 0 else {
      throw counter.complaint.map { AudioFileError.unreadable(path: path, reason: $0) }
        ?? AudioFileError.empty(path: path)
    }
  }

  func read(frames: Int, into out: UnsafeMutablePointer<Double>) throws -> Int {
    let running = try child ?? DecodingChild(path: path, tools: tools, format: "f64le")
    child = running
    let frameBytes = info.channelCount * MemoryLayout<Double>.size
    let bytes = UnsafeMutableRawBufferPointer(start: out, count: frames * frameBytes)
    return try running.fill(bytes) / frameBytes
  }

  /// Decodes anew and throws away what comes before: the only sample-exact way for every codec.
  func seek(toFrame frame: Int) throws {
    child = nil
    let block = 4096
    var scratch = [Double](repeating: 0, count: block * info.channelCount)
    var left = frame
    while left > 0 {
      let got = try read(frames: min(block, left), into: &scratch)
      guard got > 0 else {
        throw AudioFileError.truncated(
          path: path, expectedFrames: info.frameCount, gotFrames: frame - left)
      }
      left -= got
    }
  }
}

/// One run of ffmpeg whose standard output is raw samples.
final class DecodingChild {
  private let process = Process()
  private let output = Pipe()
  private let errorFile: FileHandle
  private let path: String

  init(path: String, tools: FFmpegTools, format: String) throws {
    self.path = path
    errorFile = try ChildErrors.makeFile(for: path)
    process.executableURL = URL(fileURLWithPath: tools.ffmpeg)
    process.arguments =
      ["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"]
      + ["-i", MediaProbe.fileArgument(path), "-map", "0:a:0", "-vn", "-sn", "-dn"]
      + ["-f", format, "-acodec", "pcm_" + format, "pipe:1"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errorFile
    do { try process.run() } catch {
      throw AudioFileError.unreadable(path: path, reason: "ffmpeg did not start")
    }
    try? output.fileHandleForWriting.close()
  }

  deinit {
    try? output.fileHandleForReading.close()
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  /// Reads until `bytes` is full or the child has ended; returns the number of bytes.
  func fill(_ bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    let descriptor = output.fileHandleForReading.fileDescriptor
    var done = 0
    while done < bytes.count {
      let got = Foundation.read(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else {
        throw AudioFileError.system(path: path, code: errno)
      }
      if got == 0 { break }
      done += got
    }
    return done
  }

  func countBytes() throws -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while case let got = try buffer.withUnsafeMutableBytes({ try fill($0) }), got > 0 {
      total += got
    }
    process.waitUntilExit()
    return total
  }

  /// The first line that ffmpeg wrote to its standard error, if any.
  var complaint: String? { ChildErrors.firstLine(of: errorFile) }
}

/// Standard error of a child: an unlinked temporary file, which cannot fill up like a pipe.
enum ChildErrors {
  static func makeFile(for path: String) throws -> FileHandle {
    var template = Array((NSTemporaryDirectory() + "/aedit-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw AudioFileError.unreadable(path: path, reason: "no room for temporary files")
    }
    unlink(template)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  static func firstLine(of file: FileHandle) -> String? {
    guard (try? file.seek(toOffset: 0)) != nil, let data = try? file.read(upToCount: 4096) else {
      return nil
    }
    let line = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first
    return line.map {
      // "[mov @ 0x55…] moov atom not found": where in ffmpeg it was noticed helps nobody.
      $0.replacing(/^(\[[^\]]*\] *)+/, with: "").trimmingCharacters(in: .whitespaces)
    }
  }
}
