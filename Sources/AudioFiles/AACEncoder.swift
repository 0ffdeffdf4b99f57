import Foundation

/// AAC through ffmpeg: in an MP4 file (`.m4a`), or as a bare stream, which holds no tags (`.aac`).
struct AACEncoder {
  /// Transparent for music with ffmpeg's own encoder, in bits a second and channel.
  private static let bitRate = 128_000

  let tools: FFmpegTools
  /// The lossless file that ffmpeg reads, under a temporary name.
  let source: String

  /// Encodes ``source``.
  ///
  /// - Parameters:
  ///   - target: the file to write; its ending decides between the two.
  ///   - path: the output's name for messages.
  /// - Throws: `AudioFileError` with ffmpeg's own words.
  func encode(to target: String, tags: [AudioTag: String], channels: Int, path: String) throws {
    let process = Process()
    let errors = try ChildErrors.makeFile(for: path)
    let named = tags.sorted { $0.key.rawValue < $1.key.rawValue }
      .flatMap { ["-metadata", Self.key($0.key) + "=" + $0.value] }
    let isBare = target.lowercased().hasSuffix(".aac")
    process.executableURL = URL(fileURLWithPath: tools.ffmpeg)
    // Without marks of time and version, the same sound gives the same bytes.
    process.arguments =
      ["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe"]
      + ["-i", MediaProbe.fileArgument(source), "-map", "0:a:0", "-map_metadata", "-1"] + named
      + ["-c:a", "aac", "-b:a", String(Self.bitRate * channels)]
      + ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
      + (isBare ? ["-f", "adts"] : ["-movflags", "+faststart", "-f", "ipod"])
      + [MediaProbe.fileArgument(target)]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do { try process.run() } catch {
      throw AudioFileError.cannotWrite(path: path, reason: "ffmpeg did not start")
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let reason = ChildErrors.firstLine(of: errors) ?? "ffmpeg failed"
      if reason.contains(String(cString: strerror(ENOSPC))) {
        throw AudioFileError.system(path: path, code: ENOSPC)
      }
      throw AudioFileError.cannotWrite(path: path, reason: reason)
    }
  }

  /// ffmpeg's name of a tag.
  private static func key(_ tag: AudioTag) -> String {
    switch tag {
    case .trackNumber: "track"
    case .software: "encoder"
    default: tag.rawValue
    }
  }
}
