import Transcripts

/// Gives the phonemes that lie in a gap their times there.
///
/// The aligner says which phonemes these are, but not how long: nothing was heard. They share the
/// gap by their mean durations.
struct GapTiming {
  /// Mean seconds of each class of phoneme.
  let durations: [Double]

  /// A phoneme that is heard for less outside of the gap counts as lying in it, seconds.
  private static let heard = 0.01
  private static let shortest = 0.02
  /// Phonemes are stretched by this at most when there is a pause that can take the rest.
  private static let mostStretch = 1.6

  /// - Parameter gap: seconds.
  func apply(to speech: inout AlignedSpeech, gap: ClosedRange<Double>) {
    var places: [(word: Int, phone: Int)] = []
    for (index, word) in speech.words.enumerated() {
      for (number, phone) in word.phones.enumerated()
      where phone.end > gap.lowerBound + Self.heard / 2
        && phone.start < gap.upperBound - Self.heard / 2
      {
        places.append((index, number))
      }
    }
    guard !places.isEmpty else { return }
    let length = gap.upperBound - gap.lowerBound
    let wanted = places.map { place in
      let phone = speech.words[place.word].phones[place.phone]
      let outside =
        max(0, gap.lowerBound - phone.start) + max(0, phone.end - gap.upperBound)
      let mean = phone.phoneme < durations.count ? durations[phone.phoneme] : 0
      return max(Self.shortest, mean - outside)
    }
    let total = wanted.reduce(0, +)
    let pause = pause(after: places, in: speech)
    let stretch =
      pause == nil ? length / total : min(length / total, Self.mostStretch)
    var at = gap.lowerBound
    for (index, place) in places.enumerated() {
      let phone = speech.words[place.word].phones[place.phone]
      let isFirst = index == 0 && phone.start < gap.lowerBound - Self.heard
      let isLast = index == places.count - 1 && phone.end > gap.upperBound + Self.heard
      let end = at + wanted[index] * stretch
      speech.words[place.word].phones[place.phone].start = isFirst ? phone.start : at
      speech.words[place.word].phones[place.phone].end = isLast ? phone.end : end
      at = end
      if index == pause { at += length - total * stretch }
    }
  }

  /// The place after which a pause fits: the end of a clause, else of the middle word.
  private func pause(after places: [(word: Int, phone: Int)], in speech: AlignedSpeech) -> Int? {
    let ends = places.indices.dropLast().filter { places[$0].word != places[$0 + 1].word }
    let clause = ends.first { index in
      speech.words[places[index].word].text.text.last.map { ".,;:!?…-".contains($0) } ?? false
    }
    return clause ?? (ends.isEmpty ? nil : ends[ends.count / 2])
  }
}
