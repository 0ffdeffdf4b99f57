import AudioFiles

/// What the models listen to: the mean of a song's channels, or both channels of a stereo song,
/// scaled, at the models' rate.
///
/// Sample 0 stands at the first frame of `range`. Everything is pulled in order, so that memory
/// does not grow with the song.
final class SoundStream {
  let range: Range<Int>
  let channelCount: Int
  private let reader: any SongReader
  private let resampler: StreamResampler?
  private let gain: Float
  private var position: Int

  /// - Parameters:
  ///   - gain: factor of the samples.
  ///   - stereo: keeps the two channels of a stereo song apart; songs of more channels are heard
  ///     as their mean in any case.
  init(_ song: Song, range: Range<Int>, rate: Int, gain: Float, stereo: Bool = false) throws {
    self.range = range
    self.gain = gain
    channelCount = stereo && song.info.channelCount == 2 ? 2 : 1
    reader = try song.reader()
    position = range.lowerBound
    resampler =
      rate == song.info.sampleRate
      ? nil
      : try StreamResampler(from: song.info.sampleRate, to: rate, channelCount: channelCount)
  }

  /// Frames of the song that one call takes.
  private static let blockFrames = 65536

  /// The next samples of each channel; nil at the end. A part may be empty.
  func next() throws -> [[Float]]? {
    guard position < range.upperBound else { return nil }
    let end = min(position + Self.blockFrames, range.upperBound)
    let heard = try reader.read(position..<end)
    position = end
    let channels = channelCount == 2 ? heard.channels : [heard.mono()]
    guard let resampler else { return channels.map(scaled) }
    var block = try resampler.process(AudioBlock(channels: channels))
    if end == range.upperBound { block.append(try resampler.finish()) }
    return block.channels.map(scaled)
  }

  private func scaled(_ samples: [Float]) -> [Float] { samples.map { $0 * gain } }
}
