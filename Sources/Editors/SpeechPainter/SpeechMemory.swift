import Foundation

/// Where a frame's middle lies in its phoneme.
struct PhonemePlace: Equatable {
  /// 0 between phonemes.
  let phoneme: Int
  /// Frames since its start and until its end.
  let since: Float
  let until: Float

  init(of frame: Int, in phonemes: [TimedPhoneme]) {
    let middle = Float(frame) + 0.5
    let found = phonemes.first { $0.start <= middle && middle < $0.end }
    phoneme = found?.phoneme ?? 0
    since = found.map { middle - $0.start } ?? 0
    until = found.map { $0.end - middle } ?? 0
  }

  /// What the network is told of it, in tens of frames.
  var reach: [Float] { [since / 10, until / 10] }

  /// 0 at its phoneme's start, 1 at its end.
  var part: Float { since / max(0.001, since + until) }
}

/// What is known of a voice: the heard frames of its recording around a gap.
///
/// Source: `Memory`, `Said` and `echoed` in Models/training/speech/networks.py.
public struct SpeechMemory: Sendable {
  private let bands: Int
  /// Log-mel `[M, bands]`.
  private let mel: [Float]
  /// `[M, bands]`
  private let guide: [Float]
  private let places: [PhonemePlace]
  /// The heard frames of each phoneme.
  private let frames: [Int: [Int]]
  /// The mean of the heard frames in which something is spoken, `[bands]`; of all that are heard where
  /// there are none.
  let mean: [Float]

  /// Of the echo: how far apart places in a phoneme may lie (1 is its length), and the weight of the
  /// voice's mean in frames.
  private static let echoWidth: Float = 0.2, echoPrior: Float = 1

  /// - Parameters:
  ///   - mel: log-mel `[M, bands]`.
  ///   - heard: for each frame whether it is heard; what others hold is ignored.
  ///   - phonemes: what is said in these frames, in its order.
  ///   - guide: ``SpeechGuide`` of these frames `[M, bands]`.
  public init(
    mel: [Float], bands: Int, heard: [Bool], phonemes: [TimedPhoneme], guide: [Float]
  ) {
    precondition(
      mel.count == heard.count * bands && guide.count == mel.count,
      "\(mel.count) and \(guide.count) values, \(heard.count) frames")
    (self.mel, self.bands, self.guide) = (mel, bands, guide)
    places = heard.indices.map { PhonemePlace(of: $0, in: phonemes) }
    var frames: [Int: [Int]] = [:]
    for frame in heard.indices where heard[frame] {
      frames[places[frame].phoneme, default: []].append(frame)
    }
    self.frames = frames
    let voice = frames.filter { $0.key > 0 }.values.flatMap(\.self).sorted()
    let counted = voice.isEmpty ? frames[0] ?? [] : voice
    var sum = [Float](repeating: 0, count: bands)
    for frame in counted {
      for band in 0..<bands { sum[band] += mel[frame * bands + band] }
    }
    mean = sum.map { $0 / Float(max(1, counted.count)) }
  }

  /// The mean of the heard frames `[bands]` of a place's phoneme, weighted by how near they lie within
  /// it, and that of the guide there.
  func echo(_ place: PhonemePlace) -> (own: [Float], guide: [Float]) {
    var sum = mean.map { $0 * Self.echoPrior }
    var usual = [Float](repeating: 0, count: bands)
    var total = Self.echoPrior
    for frame in frames[place.phoneme] ?? [] {
      let away = (place.part - places[frame].part) / Self.echoWidth
      let weight = exp(-0.5 * away * away)
      total += weight
      for band in 0..<bands {
        sum[band] += weight * mel[frame * bands + band]
        usual[band] += weight * guide[frame * bands + band]
      }
    }
    return (sum.map { $0 / total }, usual.map { $0 / total })
  }
}
