import CSndFile

/// How one sample is stored.
public enum SampleEncoding: Sendable, Codable, Hashable, CustomStringConvertible {
  /// Linear PCM of 8, 16, 24 or 32 bits.
  case integer(bits: Int)
  /// IEEE float of 32 or 64 bits.
  case float(bits: Int)
  /// A lossy codec by name: "Vorbis", "Opus", "MP3", "AAC", "mu-law" …
  case lossy(codec: String)

  public var description: String {
    switch self {
    case .integer(let bits): return "\(bits)-bit"
    case .float(let bits): return "\(bits)-bit float"
    case .lossy(let codec): return codec
    }
  }

  /// True for codecs that do not give back the samples that went in.
  public var isLossy: Bool {
    if case .lossy = self { return true }
    return false
  }

  /// Encoding of a libsndfile format code.
  init(format: Int32) {
    switch Int(format) & SF_FORMAT_SUBMASK {
    case SF_FORMAT_PCM_S8, SF_FORMAT_PCM_U8: self = .integer(bits: 8)
    case SF_FORMAT_PCM_16, SF_FORMAT_ALAC_16: self = .integer(bits: 16)
    case SF_FORMAT_ALAC_20, SF_FORMAT_PCM_24, SF_FORMAT_ALAC_24: self = .integer(bits: 24)
    case SF_FORMAT_PCM_32, SF_FORMAT_ALAC_32: self = .integer(bits: 32)
    case SF_FORMAT_FLOAT: self = .float(bits: 32)
    case SF_FORMAT_DOUBLE: self = .float(bits: 64)
    case SF_FORMAT_VORBIS: self = .lossy(codec: "Vorbis")
    case SF_FORMAT_OPUS: self = .lossy(codec: "Opus")
    case SF_FORMAT_MPEG_LAYER_I, SF_FORMAT_MPEG_LAYER_II, SF_FORMAT_MPEG_LAYER_III:
      self = .lossy(codec: "MP3")
    case SF_FORMAT_ULAW: self = .lossy(codec: "mu-law")
    case SF_FORMAT_ALAW: self = .lossy(codec: "A-law")
    default: self = .lossy(codec: "ADPCM")
    }
  }

  /// Sub-format code of libsndfile for this encoding inside `container`.
  func subformat(in container: AudioContainer) -> Int {
    switch (container, self) {
    case (.oggVorbis, _): return SF_FORMAT_VORBIS
    case (.opus, _): return SF_FORMAT_OPUS
    case (.mp3, _): return SF_FORMAT_MPEG_LAYER_III
    case (.media, _): return SF_FORMAT_FLOAT
    case (.wav, .integer(8)), (.wavExtensible, .integer(8)), (.rf64, .integer(8)),
      (.wave64, .integer(8)):
      return SF_FORMAT_PCM_U8
    case (_, .integer(8)): return SF_FORMAT_PCM_S8
    case (_, .integer(16)): return SF_FORMAT_PCM_16
    case (_, .integer(32)): return SF_FORMAT_PCM_32
    case (_, .float(64)): return SF_FORMAT_DOUBLE
    case (_, .float): return SF_FORMAT_FLOAT
    default: return SF_FORMAT_PCM_24
    }
  }
}

/// The tags that travel from an input to its output.
public enum AudioTag: String, Sendable, Codable, Hashable, CaseIterable {
  case title, artist, album, date, trackNumber, genre, comment, copyright, license, software

  /// String code of libsndfile.
  var code: Int32 {
    switch self {
    case .title: return Int32(SF_STR_TITLE)
    case .artist: return Int32(SF_STR_ARTIST)
    case .album: return Int32(SF_STR_ALBUM)
    case .date: return Int32(SF_STR_DATE)
    case .trackNumber: return Int32(SF_STR_TRACKNUMBER)
    case .genre: return Int32(SF_STR_GENRE)
    case .comment: return Int32(SF_STR_COMMENT)
    case .copyright: return Int32(SF_STR_COPYRIGHT)
    case .license: return Int32(SF_STR_LICENSE)
    case .software: return Int32(SF_STR_SOFTWARE)
    }
  }
}

/// What a sound file says about itself.
public struct AudioInfo: Sendable, Codable, Equatable {
  /// Frames a second, Hz.
  public var sampleRate: Int
  public var channelCount: Int
  /// Frames in the file, exact for every container.
  public var frameCount: Int
  public var container: AudioContainer
  public var encoding: SampleEncoding
  public var tags: [AudioTag: String]
  /// Names of further metadata (cover pictures, cue points, other tags) that this module cannot
  /// carry into an output.
  public var otherMetadata: [String]
  /// Speaker of each channel in libsndfile's numbering; empty when the file does not say.
  public var channelMap: [Int32]
  /// What was odd about the file but did not keep it from being read, one line each.
  public var notices: [String]

  public var isLossy: Bool { encoding.isLossy }
  public var durationSeconds: Double { Double(frameCount) / Double(sampleRate) }

  public init(
    sampleRate: Int, channelCount: Int, frameCount: Int,
    container: AudioContainer = .wav, encoding: SampleEncoding = .float(bits: 32),
    tags: [AudioTag: String] = [:], otherMetadata: [String] = [], channelMap: [Int32] = [],
    notices: [String] = []
  ) {
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.frameCount = frameCount
    self.container = container
    self.encoding = encoding
    self.tags = tags
    self.otherMetadata = otherMetadata
    self.channelMap = channelMap
    self.notices = notices
  }
}
