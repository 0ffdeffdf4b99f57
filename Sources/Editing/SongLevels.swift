import AudioFiles

/// The first pass over a song: how high it peaks.
struct SongLevels {
  /// Largest sample of any channel, and of the mean of the channels.
  private(set) var peak = 0.0
  private(set) var monoPeak = 0.0

  /// Peak of the mono sum that models are given: training mixtures peak at -18 to -3 dB.
  private static let modelPeak = 0.35
  /// What peaks lower is taken for silence and not raised to the models' level.
  private static let silence = 1e-5

  static let blockFrames = 65536

  /// Of nothing yet.
  init() {}

  init(of song: Song, progress: (Double) throws -> Void) throws {
    let reader = try song.reader()
    let frames = song.info.frameCount
    for piece in (0..<frames).pieces(of: Self.blockFrames) {
      push(try reader.read(piece))
      try progress(Double(piece.upperBound) / Double(frames))
    }
  }

  mutating func push(_ block: AudioBlock) {
    peak = block.samples.reduce(peak) { max($0, abs($1)) }
    monoPeak = block.mono().reduce(monoPeak) { max($0, Double(abs($1))) }
  }

  /// Factor that brings the mono sum to the models' level.
  var modelGain: Float { gain(toPeak: Self.modelPeak) }

  /// Factor that brings the mono sum to a peak; silence is left as it is.
  func gain(toPeak peak: Double) -> Float { monoPeak > Self.silence ? Float(peak / monoPeak) : 1 }
}
