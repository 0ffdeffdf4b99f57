import AudioFiles

/// How a stem and the song become one.
enum MixRule: String, Codable, Sendable {
  /// song + stem
  case add
  /// song - stem
  case subtract
  /// The stem alone.
  case replace
}

/// One finished edit: a stem with its place, level and rule.
///
/// The stem is first faded, scaled and rounded to what the output's samples can hold, so that sums
/// and differences are exact: `out - in` is the stem again, and `remove` plus `extract` is the song.
/// Where it is zero (for `replace`: outside of the region) the song's samples keep their very bits.
struct StemMix {
  let rule: MixRule
  /// Frames of the song that may change.
  let region: Region
  /// Linear factor; for `replace` the share of the stem against the song, 0...1.
  let gain: Double
  let encoding: SampleEncoding
  /// The stem as it was made, frame 0 at the start of the region.
  let scratch: ScratchAudio

  /// The stem as it is mixed (and saved) at some frames of the song.
  func stem(in range: Range<Int>) throws -> AudioBlock {
    let channels = scratch.channelCount
    var out = AudioBlock(channelCount: channels, silentFrames: range.count)
    let inner = range.clamped(to: region.frames)
    guard !inner.isEmpty else { return out }
    let raw = try scratch.read(
      inner.lowerBound - region.frames.lowerBound..<inner.upperBound - region.frames.lowerBound)
    for frame in inner {
      let factor = region.envelope(at: frame) * gain
      let to = (frame - range.lowerBound) * channels
      let from = (frame - inner.lowerBound) * channels
      for channel in 0..<channels {
        out.samples[to + channel] = raw.samples[from + channel] * factor
      }
    }
    return Self.singles(Quantiser.quantised(out, as: encoding).block)
  }

  /// The song with the stem, before its samples are held at full scale.
  /// - Parameters:
  ///   - song: frames from `frame` on.
  ///   - stem: what ``stem(in:)`` gives for them.
  func mixed(_ song: AudioBlock, with stem: AudioBlock, at frame: Int) -> AudioBlock {
    var out = song
    switch rule {
    case .add: out.mix(stem)
    case .subtract: out.mix(stem, gain: -1)
    case .replace:
      let channels = song.channelCount
      let all = frame..<frame + song.frameCount
      for place in all.clamped(to: region.frames) {
        let rest = 1 - region.envelope(at: place) * gain
        let at = (place - frame) * channels
        for i in at..<at + channels { out.samples[i] = rest * song.samples[i] + stem.samples[i] }
      }
    }
    return out
  }

  /// Rounds to 32-bit floats, which is what a saved stem holds.
  static func singles(_ block: AudioBlock) -> AudioBlock {
    AudioBlock(
      channelCount: block.channelCount, samples: block.samples.map { Double(Float($0)) })
  }
}

/// What one step does to a song.
enum SongChange {
  case mix(StemMix)
  case patch(Patch)

  var mix: StemMix? {
    if case .mix(let mix) = self { mix } else { nil }
  }

  /// For reports: how the output follows from the input.
  var formula: String { mix?.rule.formula ?? Self.patchFormula }

  static let patchFormula = "out = in outside of the region"
}

extension Song {
  init(_ song: Song, _ change: SongChange) {
    switch change {
    case .mix(let mix): self.init(song, mix)
    case .patch(let patch): self.init(song, [patch])
    }
  }
}
