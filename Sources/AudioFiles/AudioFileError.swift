import Foundation

/// What can go wrong with an audio file: one clear line that says what, where and what to do.
public enum AudioFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no file of this name.
  case notFound(path: String)
  /// The path is a folder, a device or a pipe.
  case notAFile(path: String)
  /// The file holds no samples (zero bytes, or a header without sound).
  case empty(path: String)
  /// The header is not that of a known sound file, or it contradicts itself.
  case unreadable(path: String, reason: String)
  /// A well-formed file whose rate, channel count or codec lies outside of what is supported.
  case unsupported(path: String, what: String, hint: String)
  /// The sound stops before the length that the header promises, or cannot be decoded on the way.
  case truncated(path: String, expectedFrames: Int, gotFrames: Int)
  /// Only `ffmpeg` can read or write this format, and it is not installed.
  case needsFFmpeg(path: String)
  /// The output name has no ending that names a known format.
  case unknownOutputFormat(path: String)
  /// The output exists and overwriting was not allowed.
  case exists(path: String)
  /// The system refused to open, read, write or rename a file, with its errno.
  case system(path: String, code: Int32)
  /// The output could not be written for another reason.
  case cannotWrite(path: String, reason: String)
  /// A sample to write is NaN or infinite: a defect of the sound's maker, never written to a file.
  case notFinite(path: String, seconds: Double)
  /// The resampler refused its set-up.
  case resampling(reason: String)

  public var description: String {
    switch self {
    case .notFound(let path):
      return "\(path): no such file"
    case .notAFile(let path):
      return "\(path): not a regular file; give the name of a sound file"
    case .empty(let path):
      return "\(path): there is no sound in this file"
    case .unreadable(let path, let reason):
      return "\(path): not a readable sound file (\(reason)); convert it to WAV or FLAC first"
    case .unsupported(let path, let what, let hint):
      return "\(path): \(what); \(hint)"
    case .truncated(let path, let expected, let got):
      return "\(path): the sound breaks off at frame \(got) of \(expected); "
        + "the file is damaged, get a whole copy"
    case .needsFFmpeg(let path):
      return "\(path): this format needs ffmpeg, which is not installed; "
        + "install it (apt install ffmpeg) or convert the file to WAV or FLAC"
    case .unknownOutputFormat(let path):
      return "\(path): unknown output format; end the name in one of "
        + AudioContainer.writableExtensions.map { "." + $0 }.joined(separator: " ")
    case .exists(let path):
      return "\(path): exists already; use another name or allow overwriting"
    case .system(let path, let code):
      return "\(path): \(Self.words(code))"
    case .cannotWrite(let path, let reason):
      return "\(path): cannot write (\(reason))"
    case .notFinite(let path, let seconds):
      return "\(path): the sound to write is not a number at \(seconds) s; nothing was written"
    case .resampling(let reason):
      return "resampling failed: \(reason)"
    }
  }

  private static func words(_ code: Int32) -> String {
    if code == ENOSPC || code == EDQUOT {
      return "the disk is full; free some space or write elsewhere"
    }
    return String(cString: strerror(code))
  }

  /// The system's errno, where it is what failed.
  public var systemCode: Int32? {
    if case .system(_, let code) = self { code } else { nil }
  }
}
