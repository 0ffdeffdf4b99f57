import AudioFiles

/// Where a sound stands between the channels of a song: its energy in each.
struct ChannelBalance {
  private var energies: [Double]

  init(channelCount: Int) { energies = [Double](repeating: 0, count: channelCount) }

  mutating func push(_ block: AudioBlock) {
    let channels = energies.count
    precondition(block.channelCount == channels)
    for index in block.samples.indices {
      energies[index % channels] += block.samples[index] * block.samples[index]
    }
  }

  /// Factors that put a mono sound there, one for each channel: their mean square is 1, as it is for a
  /// sound in the middle, where silence stands, too.
  var factors: [Double] {
    let mean = energies.reduce(0, +) / Double(energies.count)
    return energies.map { mean > 0 ? ($0 / mean).squareRoot() : 1 }
  }
}
