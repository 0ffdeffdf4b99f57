import CSndFile
import Foundation

/// Samples of a file that libsndfile reads.
final class SndFileSource: SampleSource {
  private(set) var info: AudioInfo
  private let path: String
  private var handle: OpaquePointer
  private var position = 0
  /// Stands between the file and libsndfile where an MP3's own length is missing or wrong.
  private var repair: RepairedMP3?

  init(path: String) throws {
    self.path = path
    var header = SF_INFO()
    handle = try Self.open(path, &header)
    do {
      info = try Self.describe(path: path, handle: handle, header: header)
    } catch {
      sf_close(handle)
      throw error
    }
    if header.frames > Self.largestPlausibleFrames { try countFrames() }
    if info.container == .mp3 { try trueLengthOfMP3() }
    guard info.frameCount > 0 else { throw AudioFileError.empty(path: path) }
  }

  deinit { sf_close(handle) }

  func read(frames: Int, into out: UnsafeMutablePointer<Double>) throws -> Int {
    let got = Int(sf_readf_double(handle, out, sf_count_t(frames)))
    position += got
    return got
  }

  func seek(toFrame frame: Int) throws {
    if info.container.isLossy { return try decode(toFrame: frame) }
    guard sf_seek(handle, sf_count_t(frame), SEEK_SET) == sf_count_t(frame) else {
      throw AudioFileError.truncated(
        path: path, expectedFrames: info.frameCount, gotFrames: frame)
    }
  }

  /// Seeking inside Vorbis, Opus and MP3 lands beside the frame or starts with an empty overlap;
  /// decoding what comes before is exact.
  private func decode(toFrame frame: Int) throws {
    if frame < position { try reopen() }
    let block = 4096
    var buffer = [Double](repeating: 0, count: block * info.channelCount)
    while position < frame {
      guard try read(frames: min(block, frame - position), into: &buffer) > 0 else {
        throw AudioFileError.truncated(
          path: path, expectedFrames: info.frameCount, gotFrames: position)
      }
    }
  }

  @discardableResult
  private func reopen() throws -> SF_INFO {
    var header = SF_INFO()
    let fresh: OpaquePointer
    if let repair {
      sf_close(handle)
      guard let opened = repair.open(&header) else {
        handle = try Self.open(path, &header)
        throw AudioFileError.unreadable(path: path, reason: Self.openingError())
      }
      fresh = opened
    } else {
      fresh = try Self.open(path, &header)
      sf_close(handle)
    }
    handle = fresh
    position = 0
    return header
  }

  /// Replaces a missing or wrong length tag by the number of frames that are really there.
  private func trueLengthOfMP3() throws {
    guard let index = MP3Index(path: path), index.frames > 0 else { return }
    if index.promisedFrames == index.frames && !index.isDamaged { return }
    repair = RepairedMP3(path: path, index: index)
    info.frameCount = Int(try reopen().frames)
    if let promised = index.promisedFrames, promised > index.frames + 1 {
      info.notices.append(
        "the file breaks off: it announces \(promised) MP3 frames, "
          + "\(index.frames) are there; read to its end")
    }
    if index.isDamaged { try countFrames() }
  }

  /// Streams (FLAC from a pipe) that do not announce their length report a huge one.
  private static let largestPlausibleFrames: sf_count_t = 1 << 50

  private func countFrames() throws {
    let block = 4096
    var buffer = [Double](repeating: 0, count: block * info.channelCount)
    var total = 0
    while case let got = Int(sf_readf_double(handle, &buffer, sf_count_t(block))), got > 0 {
      total += got
    }
    info.frameCount = total
    try reopen()
  }

  private static func open(_ path: String, _ header: inout SF_INFO) throws -> OpaquePointer {
    guard let handle = sf_open(path, Int32(SFM_READ), &header) else {
      // The library's number for "the system refused", with errno as the system left it.
      if sf_error(nil) == SF_ERR_SYSTEM, errno != 0 {
        throw AudioFileError.system(path: path, code: errno)
      }
      throw AudioFileError.unreadable(path: path, reason: openingError())
    }
    return handle
  }

  /// libsndfile's own words for the last failure to open, made into half a line.
  private static func openingError() -> String {
    let text = String(cString: sf_strerror(nil))
    // What the library says of a header without a rate or without channels.
    if text.lowercased().hasPrefix("internal error") { return "0 Hz or no channels in its header" }
    // What it says of an MP3 in which no frame can be found.
    if text.contains("possibly a pipe") { return "no sound found in it" }
    let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: ". \n"))
    return trimmed.prefix(1).lowercased() + trimmed.dropFirst()
  }

  private static func describe(
    path: String, handle: OpaquePointer, header: SF_INFO
  ) throws -> AudioInfo {
    guard let container = AudioContainer(format: header.format) else {
      throw AudioFileError.unreadable(path: path, reason: "an unusual or headerless format")
    }
    let (rate, channels) = (Int(header.samplerate), Int(header.channels))
    try checkLimits(path: path, rate: rate, channels: channels)
    var info = AudioInfo(
      sampleRate: rate, channelCount: channels, frameCount: max(0, Int(header.frames)),
      container: container, encoding: SampleEncoding(format: header.format))
    for tag in AudioTag.allCases {
      guard let text = sf_get_string(handle, tag.code) else { continue }
      let value = decode(text)
      if !value.isEmpty { info.tags[tag] = value }
    }
    var map = [Int32](repeating: 0, count: channels)
    let bytes = Int32(channels * MemoryLayout<Int32>.size)
    if sf_command(handle, Int32(SFC_GET_CHANNEL_MAP_INFO), &map, bytes) == SF_TRUE {
      info.channelMap = map
    }
    info.otherMetadata = OtherMetadata.names(path: path, container: container)
    if headerOverstatesLength(handle) {
      info.notices.append("the header announces more sound than the file holds; read to its end")
    }
    if container == .oggVorbis || container == .opus, holdsSeveralOggStreams(path) {
      info.notices.append("the file holds several Ogg streams; only the first is read")
    }
    return info
  }

  /// Refuses rates and channel counts outside of what is supported.
  static func checkLimits(path: String, rate: Int, channels: Int) throws {
    guard AudioLimits.sampleRates.contains(rate) else {
      throw AudioFileError.unsupported(
        path: path, what: "a sample rate of \(rate) Hz",
        hint: "8000 to 192000 Hz are supported; resample the file first")
    }
    guard AudioLimits.channels.contains(channels) else {
      throw AudioFileError.unsupported(
        path: path, what: "\(channels) channels",
        hint: "1 to 8 channels are supported; mix the file down first")
    }
  }

  /// True when the last page belongs to another stream than the first (chained web radio, video).
  private static func holdsSeveralOggStreams(_ path: String) -> Bool {
    guard let file = WindowedFile(path: path) else { return false }
    let first = file.read(at: 14, count: 4)
    let tail = file.read(at: max(0, file.count - 131_072), count: 131_072)
    for at in stride(from: tail.count - 27, through: 0, by: -1)
    where tail[at..<at + 4].elementsEqual("OggS".utf8) {
      return Array(tail[at + 14..<at + 18]) != first
    }
    return false
  }

  /// libsndfile notes in its log when the data chunk is cut off ("… (should be …)").
  private static func headerOverstatesLength(_ handle: OpaquePointer) -> Bool {
    var log = [CChar](repeating: 0, count: 8192)
    let length = sf_command(handle, Int32(SFC_GET_LOG_INFO), &log, Int32(log.count - 1))
    guard length > 0 else { return false }
    let text = String(
      decoding: log.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: "\n").contains {
      ($0.contains("data") || $0.contains("SSND")) && $0.contains("should be")
    }
  }

  /// Tag text: UTF-8, or Latin-1 where it is not valid UTF-8.
  private static func decode(_ text: UnsafePointer<CChar>) -> String {
    if let valid = String(validatingCString: text) { return valid }
    let bytes = UnsafeBufferPointer(start: text, count: strlen(text))
    return String(String.UnicodeScalarView(bytes.map { UnicodeScalar(UInt8(bitPattern: $0)) }))
  }
}
