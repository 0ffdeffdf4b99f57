import AudioFiles

/// Brings a model's mono sound to a song's rate, level and length, into its channels.
struct PlacedSound {
  private let info: AudioInfo
  private let frameCount: Int
  /// By channel.
  private let gains: [Double]
  private let resampler: StreamResampler?
  /// Frames given so far, at the song's rate.
  private var given = 0

  /// - Parameters:
  ///   - frameCount: of the whole sound, at the song's rate.
  ///   - rate: of the mono sound, Hz.
  ///   - gain: factor of its samples.
  ///   - balance: further factors, one for each channel; nil puts it into the middle.
  init(
    like info: AudioInfo, frameCount: Int, rate: Int, gain: Double, balance: [Double]? = nil
  ) throws {
    (self.info, self.frameCount) = (info, frameCount)
    gains =
      balance.map { $0.map { $0 * gain } } ?? [Double](repeating: gain, count: info.channelCount)
    precondition(gains.count == info.channelCount)
    resampler =
      info.sampleRate == rate
      ? nil : try StreamResampler(from: rate, to: info.sampleRate, channelCount: 1)
  }

  /// The frames that are ready; the last call fills up to the whole length.
  mutating func push(_ samples: [Float], isLast: Bool) throws -> AudioBlock {
    var mono = samples
    if let resampler {
      var block = try resampler.process(AudioBlock(channels: [samples]))
      if isLast { block.append(try resampler.finish()) }
      mono = block.channel(0)
    }
    let count = isLast ? frameCount - given : min(mono.count, frameCount - given)
    given += count
    let channels = info.channelCount
    var out = AudioBlock(channelCount: channels, silentFrames: count)
    for frame in 0..<min(count, mono.count) {
      let value = Double(mono[frame])
      for channel in 0..<channels {
        out.samples[frame * channels + channel] = value * gains[channel]
      }
    }
    return out
  }
}
