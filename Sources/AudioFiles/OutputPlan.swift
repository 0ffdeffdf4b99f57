import CSndFile

/// Something that an output could not keep of its input, one line.
public struct AudioWarning: Sendable, Codable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// How an output file will store its sound, decided from its name and the input's properties.
public struct OutputPlan: Sendable, Equatable {
  public let container: AudioContainer
  public let encoding: SampleEncoding
  /// Hz; differs from the input's only where the container has no such rate.
  public let sampleRate: Int
  public let warnings: [AudioWarning]

  /// Keeps rate, channels and sample encoding of `info` as far as the container allows.
  /// - Parameter encoding: overrides the input's encoding.
  /// - Throws: `AudioFileError`, also when only ffmpeg writes the format and it is not there.
  public init(path: String, like info: AudioInfo, encoding: SampleEncoding? = nil) throws {
    try self.init(path: path, like: info, encoding: encoding, tools: FFmpegTools.installed())
  }

  /// - Parameter tools: ffmpeg, if it is there.
  init(
    path: String, like info: AudioInfo, encoding wanted: SampleEncoding?, tools: FFmpegTools?
  ) throws {
    guard var container = AudioContainer(outputPath: path) else {
      throw AudioFileError.unknownOutputFormat(path: path)
    }
    if container == .media, tools == nil { throw AudioFileError.needsFFmpeg(path: path) }
    try SndFileSource.checkLimits(
      path: path, rate: info.sampleRate, channels: info.channelCount)
    guard info.channelCount <= container.maximumChannels else {
      throw AudioFileError.unsupported(
        path: path, what: "\(info.channelCount) channels do not fit into \(container.title)",
        hint: "use .flac, .wav or .ogg")
    }
    var warnings: [AudioWarning] = []
    let source = wanted ?? info.encoding
    encoding = Self.encoding(for: source, in: container)
    if !source.isLossy, encoding != source {
      warnings.append(
        AudioWarning(
          container.isLossy
            ? "\(container.title) is a lossy format; the \(source) samples are not kept exactly"
            : "\(container.title) holds no \(source) samples; written as \(encoding)"))
    }
    sampleRate = Self.nearestRate(to: info.sampleRate, in: container)
    if sampleRate != info.sampleRate {
      warnings.append(
        AudioWarning(
          "\(container.title) holds no \(info.sampleRate) Hz; resampled to \(sampleRate) Hz"))
    }
    if container == .wav {
      let bytes = info.frameCount * info.channelCount * encoding.bytesPerSample
      if bytes > Self.largestWave {
        container = .rf64
      } else if info.container == .wavExtensible || info.channelCount > 2 {
        container = .wavExtensible
      }
    }
    self.container = container
    self.warnings = warnings
  }

  /// Sound bytes that a 32-bit WAV header can announce, with room for its other chunks.
  private static let largestWave = 0xFFF0_0000

  private static func encoding(
    for source: SampleEncoding, in container: AudioContainer
  ) -> SampleEncoding {
    switch container {
    case .oggVorbis: return .lossy(codec: "Vorbis")
    case .opus: return .lossy(codec: "Opus")
    case .mp3: return .lossy(codec: "MP3")
    case .media: return .lossy(codec: "AAC")
    case .flac:
      if case .integer(let bits) = source { return .integer(bits: min(bits, 24)) }
      return .integer(bits: companded(source) ? 16 : 24)
    default:
      guard source.isLossy else { return source }
      // Lossy decoders give floats: these keep them exactly, peaks over full scale included.
      return companded(source) ? .integer(bits: 16) : .float(bits: 32)
    }
  }

  /// Telephone codecs that decode to 16-bit integers.
  private static func companded(_ source: SampleEncoding) -> Bool {
    guard case .lossy(let codec) = source else { return false }
    return ["mu-law", "A-law", "ADPCM"].contains(codec)
  }

  /// The same rate, else the lowest above it, else the highest.
  private static func nearestRate(to rate: Int, in container: AudioContainer) -> Int {
    guard let rates = container.sampleRates else { return rate }
    return rates.first { $0 >= rate } ?? rates.last ?? rate
  }
}

extension AudioContainer {
  /// Name for messages.
  public var title: String {
    switch self {
    case .wav, .wavExtensible: return "WAV"
    case .rf64: return "RF64"
    case .wave64: return "W64"
    case .aiff: return "AIFF"
    case .caf: return "CAF"
    case .au: return "AU"
    case .flac: return "FLAC"
    case .oggVorbis: return "Ogg Vorbis"
    case .opus: return "Opus"
    case .mp3: return "MP3"
    case .media: return "AAC"
    }
  }
}

extension SampleEncoding {
  /// Bytes of one stored sample; an upper bound for lossy codecs.
  var bytesPerSample: Int {
    switch self {
    case .integer(let bits), .float(let bits): return bits / 8
    case .lossy: return 4
    }
  }
}
