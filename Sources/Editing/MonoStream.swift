import AudioFiles

/// What the models listen to: the mean of a song's channels, scaled, at the models' rate.
///
/// Sample 0 stands at the first frame of `range`. Everything is pulled in order, so that memory
/// does not grow with the song.
final class MonoStream {
  let range: Range<Int>
  private let reader: any SongReader
  private let resampler: StreamResampler?
  private let gain: Float
  private var position: Int

  /// - Parameter gain: factor of the samples.
  init(_ song: Song, range: Range<Int>, rate: Int, gain: Float) throws {
    self.range = range
    self.gain = gain
    reader = try song.reader()
    position = range.lowerBound
    resampler =
      rate == song.info.sampleRate
      ? nil : try StreamResampler(from: song.info.sampleRate, to: rate, channelCount: 1)
  }

  /// Frames of the song that one call takes.
  private static let blockFrames = 65536

  /// The next samples; nil at the end. A part may be empty.
  func next() throws -> [Float]? {
    guard position < range.upperBound else { return nil }
    let end = min(position + Self.blockFrames, range.upperBound)
    let mono = try reader.read(position..<end).mono()
    position = end
    guard let resampler else { return mono.map { $0 * gain } }
    var block = try resampler.process(AudioBlock(channels: [mono]))
    if end == range.upperBound { block.append(try resampler.finish()) }
    return block.channel(0).map { $0 * gain }
  }
}
