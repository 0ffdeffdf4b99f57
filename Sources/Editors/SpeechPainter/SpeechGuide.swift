import Foundation
import Signal

/// A word as a synthesizer says it, and where the recording has it.
public struct GuideWord: Sendable {
  /// At the rate of the painter's mel.
  public let samples: [Float]
  /// Where in them each phoneme lies, in samples.
  public let phonemes: [ClosedRange<Double>]
  /// The recording's phonemes of the word, in samples.
  public let own: [ClosedRange<Double>]

  public init(samples: [Float], phonemes: [ClosedRange<Double>], own: [ClosedRange<Double>]) {
    (self.samples, self.phonemes, self.own) = (samples, phonemes, own)
  }
}

/// How what is said would sound in a synthesizer's voice, which says any word clearly: each frame of
/// a recording gets the synthesizer's frame of the same place in the same phoneme.
///
/// Source: `Guide` in Models/training/speech/guide.py.
public struct SpeechGuide {
  private let spectrogram: MelSpectrogram
  private let bands: Int
  private let hop: Int

  public init(_ spectrogram: MelSpectrogram, layout: MelLayout) {
    self.spectrogram = spectrogram
    (bands, hop) = (layout.bands, layout.stft.hopSamples)
  }

  /// Log-mel relative to its mean `[count, bands]`; zeros where nothing is said.
  public func frames(_ count: Int, of words: [GuideWord]) -> [Float] {
    var out = [Float](repeating: 0, count: count * bands)
    var said: [Int] = []
    for word in words {
      guard let start = word.own.first?.lowerBound, let end = word.own.last?.upperBound,
        !word.phonemes.isEmpty
      else { continue }
      let first = max(0, frame(startingAt: start))
      let last = min(count, frame(startingAt: end))
      guard first < last else { continue }
      let mel = spectrogram(word.samples).values
      let highest = Double(mel.count / bands - 1) - 0.001
      let (own, theirs) = edges(of: word)
      for frame in first..<last {
        let middle = (Double(frame) + 0.5) * Double(hop)
        let place = interpolated(middle, own, theirs) / Double(hop) - 0.5
        let at = min(max(place, 0), highest)
        let (left, part) = (Int(at) * bands, Float(at - at.rounded(.down)))
        for band in 0..<bands {
          out[frame * bands + band] =
            mel[left + band] * (1 - part) + mel[left + bands + band] * part
        }
        said.append(frame)
      }
    }
    for band in 0..<bands where !said.isEmpty {
      let mean = said.reduce(0) { $0 + out[$1 * bands + band] } / Float(said.count)
      for frame in said { out[frame * bands + band] -= mean }
    }
    return out
  }

  /// The first frame whose middle lies at a sample or behind it.
  private func frame(startingAt sample: Double) -> Int {
    Int((sample / Double(hop) - 0.5).rounded(.up))
  }

  /// Places that belong together: all phonemes' ends, or those of the words where the synthesizer
  /// divides its word otherwise.
  private func edges(of word: GuideWord) -> (own: [Double], theirs: [Double]) {
    func ends(_ phonemes: [ClosedRange<Double>]) -> [Double] {
      phonemes.flatMap { [$0.lowerBound, $0.upperBound] }
    }
    let (own, theirs) = (ends(word.own), ends(word.phonemes))
    if own.count == theirs.count { return (own, theirs) }
    return ([own[0], own[own.count - 1]], [theirs[0], theirs[theirs.count - 1]])
  }

  /// The value at `x` of the line through places `xs`, which do not fall, with values `ys`; held
  /// beyond its ends.
  private func interpolated(_ x: Double, _ xs: [Double], _ ys: [Double]) -> Double {
    guard let upper = xs.firstIndex(where: { $0 > x }) else { return ys[ys.count - 1] }
    guard upper > 0 else { return ys[0] }
    let (a, b) = (xs[upper - 1], xs[upper])
    return ys[upper - 1] + (x - a) / (b - a) * (ys[upper] - ys[upper - 1])
  }
}
