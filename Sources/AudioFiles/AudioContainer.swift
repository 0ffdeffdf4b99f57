import CSndFile

/// The kind of file that holds the sound.
public enum AudioContainer: String, Sendable, Codable, Hashable, CaseIterable {
  case wav
  /// WAV with the extensible header (channel masks, more than 16 bits).
  case wavExtensible
  /// The 64-bit WAV of EBU Tech 3306, for files over 4 GB.
  case rf64
  case wave64
  case aiff
  case caf
  case au
  case flac
  case oggVorbis
  case opus
  case mp3
  /// Anything that only `ffmpeg` reads: `.m4a`, `.aac`, the sound of a video. Written as AAC.
  case media

  /// Name endings that `AudioWriter` accepts.
  public static let writableExtensions = [
    "wav", "aiff", "flac", "ogg", "opus", "mp3", "m4a", "aac", "caf", "w64", "rf64", "au",
  ]

  /// Whether a name ends like that of a sound file that `AudioReader` reads.
  public static func isReadable(_ path: String) -> Bool {
    AudioContainer(outputPath: path) != nil
      || FFmpegTools.mediaExtensions.contains(fileExtension(of: path))
  }

  /// The container that an output name asks for; nil when its ending is unknown.
  public init?(outputPath: String) {
    switch Self.fileExtension(of: outputPath) {
    case "wav", "wave": self = .wav
    case "rf64": self = .rf64
    case "w64": self = .wave64
    case "aif", "aiff", "aifc": self = .aiff
    case "caf": self = .caf
    case "au", "snd": self = .au
    case "flac": self = .flac
    case "ogg", "oga": self = .oggVorbis
    case "opus": self = .opus
    case "mp3": self = .mp3
    case "m4a", "aac": self = .media
    default: return nil
    }
  }

  /// Container of a libsndfile format code; nil for those that this module does not read.
  init?(format: Int32) {
    let subtype = Int(format) & SF_FORMAT_SUBMASK
    switch Int(format) & SF_FORMAT_TYPEMASK {
    case SF_FORMAT_WAV: self = .wav
    case SF_FORMAT_WAVEX: self = .wavExtensible
    case SF_FORMAT_RF64: self = .rf64
    case SF_FORMAT_W64: self = .wave64
    case SF_FORMAT_AIFF: self = .aiff
    case SF_FORMAT_CAF: self = .caf
    case SF_FORMAT_AU: self = .au
    case SF_FORMAT_FLAC: self = .flac
    case SF_FORMAT_OGG: self = subtype == SF_FORMAT_OPUS ? .opus : .oggVorbis
    case SF_FORMAT_MPEG: self = .mp3
    default: return nil
    }
  }

  /// Major format code of libsndfile; for what it does not write, that of the file in between.
  var majorFormat: Int {
    switch self {
    case .wav: return SF_FORMAT_WAV
    case .wavExtensible: return SF_FORMAT_WAVEX
    case .rf64: return SF_FORMAT_RF64
    case .wave64: return SF_FORMAT_W64
    case .aiff: return SF_FORMAT_AIFF
    case .caf: return SF_FORMAT_CAF
    case .au: return SF_FORMAT_AU
    case .flac: return SF_FORMAT_FLAC
    case .oggVorbis, .opus: return SF_FORMAT_OGG
    case .mp3: return SF_FORMAT_MPEG
    case .media: return SF_FORMAT_RF64
    }
  }

  /// True for codecs that change the samples.
  public var isLossy: Bool { [.oggVorbis, .opus, .mp3, .media].contains(self) }

  /// True for the WAV family, whose members stand in for one another.
  var isWave: Bool { self == .wav || self == .wavExtensible || self == .rf64 }

  /// Largest channel count that the container takes, within this module's limit of 8.
  var maximumChannels: Int { self == .mp3 ? 2 : AudioLimits.channels.upperBound }

  /// Sample rates in Hz that the container can hold; nil when any within the limits will do.
  var sampleRates: [Int]? {
    switch self {
    case .opus: return [8000, 12000, 16000, 24000, 48000]
    case .mp3: return [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
    case .media:
      return [
        8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000,
      ]
    default: return nil
    }
  }

  /// Lower-case name ending without its dot.
  static func fileExtension(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }
}

/// The bounds within which files are read and written.
public enum AudioLimits {
  /// Sample rates, Hz.
  public static let sampleRates = 8000...192_000
  public static let channels = 1...8
}
