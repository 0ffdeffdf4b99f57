import Foundation

/// What `ffprobe` says of a media file.
enum MediaProbe {
  private struct Report: Decodable {
    struct Stream: Decodable {
      var codec: String?
      var sampleRate: String?
      var channels: Int?
      var rawBits: String?
      var sampleFormat: String?
      var tags: [String: String]?

      enum CodingKeys: String, CodingKey {
        case codec = "codec_name"
        case sampleRate = "sample_rate"
        case channels
        case rawBits = "bits_per_raw_sample"
        case sampleFormat = "sample_fmt"
        case tags
      }
    }
    struct Format: Decodable {
      var tags: [String: String]?
    }
    var streams: [Stream]?
    var format: Format?
  }

  /// The protocol prefix keeps names like "-x" or "concat:…" from being more than a file name.
  static func fileArgument(_ path: String) -> String {
    "file:" + URL(fileURLWithPath: path).path
  }

  /// Everything but the frame count, which only decoding tells.
  static func describe(path: String, tools: FFmpegTools) throws -> AudioInfo {
    let report = try run(path: path, tools: tools)
    guard let stream = report.streams?.first, let rate = stream.sampleRate.flatMap({ Int($0) }),
      let channels = stream.channels
    else {
      throw AudioFileError.unreadable(path: path, reason: "no sound track in it")
    }
    var info = AudioInfo(
      sampleRate: rate, channelCount: channels, frameCount: 0, container: .media,
      encoding: encoding(of: stream))
    let known: [String: AudioTag] = [
      "title": .title, "artist": .artist, "album": .album, "date": .date, "track": .trackNumber,
      "genre": .genre, "comment": .comment, "copyright": .copyright, "license": .license,
    ]
    // Written by the multiplexer about the file itself: nothing that an output should inherit.
    let technical: Set = [
      "major_brand", "minor_version", "compatible_brands", "encoder", "creation_time",
      "handler_name", "vendor_id", "language", "duration",
    ]
    let all = (report.format?.tags ?? [:]).merging(stream.tags ?? [:]) { first, _ in first }
    for (name, value) in all.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
      let key = name.lowercased()
      if let tag = known[key] {
        info.tags[tag] = value
      } else if !technical.contains(key) {
        info.otherMetadata.append(name)
      }
    }
    return info
  }

  private static func encoding(of stream: Report.Stream) -> SampleEncoding {
    let codec = stream.codec ?? "unknown"
    let lossless: Set = ["alac", "flac", "ape", "wavpack", "tta", "mlp", "truehd"]
    guard lossless.contains(codec) || codec.hasPrefix("pcm_") else {
      return .lossy(codec: codec.uppercased())
    }
    if codec.hasPrefix("pcm_f") { return .float(bits: codec.contains("64") ? 64 : 32) }
    let raw = stream.rawBits.flatMap { Int($0) } ?? 0
    let bits = raw > 0 ? raw : (stream.sampleFormat?.hasPrefix("s16") == true ? 16 : 24)
    return .integer(bits: [8, 16, 24, 32].first { $0 >= bits } ?? 32)
  }

  private static func run(path: String, tools: FFmpegTools) throws -> Report {
    let process = Process()
    let output = Pipe()
    let errors = try ChildErrors.makeFile(for: path)
    process.executableURL = URL(fileURLWithPath: tools.ffprobe)
    process.arguments =
      ["-v", "error", "-protocol_whitelist", "file,pipe", "-of", "json"]
      + ["-show_streams", "-select_streams", "a:0", "-show_format", fileArgument(path)]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch {
      throw AudioFileError.unreadable(path: path, reason: "ffprobe did not start")
    }
    let data = try? output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let data,
      let report = try? JSONDecoder().decode(Report.self, from: data)
    else {
      let reason = ChildErrors.firstLine(of: errors) ?? "ffprobe failed"
      let short = reason.replacingOccurrences(of: fileArgument(path) + ": ", with: "")
      throw AudioFileError.unreadable(path: path, reason: short)
    }
    return report
  }
}
