import Editors
import Transcripts

/// Gives the phonemes that lie in gaps their times there.
///
/// The aligner says which phonemes these are, but not how long: nothing was heard. The network's
/// lengths of them and of the pauses between their words are stretched to fill the gap.
struct GapTiming {
  let tempo: SpeechTempo

  /// What lies in a gap for less is not taken to be in it, seconds.
  private static let least = 0.005
  private static let shortestPhoneme = 0.02, shortestPause = 0.001

  /// A phoneme of the speech, or the pause before a word.
  private struct Place {
    let word: Int
    let phone: Int?
    let start: Double
    let end: Double

    /// Seconds of it in a gap; a pause of no length in the gap is there, too.
    func inside(_ gap: ClosedRange<Double>) -> Double? {
      let overlap = min(end, gap.upperBound) - max(start, gap.lowerBound)
      if phone == nil, start == end { return overlap == 0 ? 0 : nil }
      return overlap > GapTiming.least ? overlap : nil
    }
  }

  /// - Parameter gaps: seconds, in their order.
  /// - Throws: `LayerError` for a phoneme that the network does not know.
  func apply(to speech: inout AlignedSpeech, gaps: [ClosedRange<Double>]) throws {
    guard !gaps.isEmpty else { return }
    let places = Self.places(in: speech)
    let inside = places.map { place in gaps.compactMap(place.inside) }
    let lengths = try tempo.seconds(
      of: zip(places, inside).map { place, parts in
        sound(
          place, in: speech, heard: place.end - place.start - parts.reduce(0, +),
          isKnown: parts.isEmpty)
      })
    for gap in gaps {
      let lost = places.indices.filter { places[$0].inside(gap) != nil }
      guard lost.contains(where: { places[$0].phone != nil }) else { continue }
      let wanted = lost.map {
        max(lengths[$0], places[$0].phone == nil ? Self.shortestPause : Self.shortestPhoneme)
      }
      let stretch = (gap.upperBound - gap.lowerBound) / wanted.reduce(0, +)
      var at = gap.lowerBound
      for (index, length) in zip(lost, wanted) {
        let (place, end) = (places[index], at + length * stretch)
        if let phone = place.phone {
          // What is heard of a phoneme beside the gap stays where it is.
          speech.words[place.word].phones[phone].start =
            place.start < gap.lowerBound ? place.start : at
          speech.words[place.word].phones[phone].end = place.end > gap.upperBound ? place.end : end
        }
        at = end
      }
    }
  }

  /// Seconds of each phoneme of words that nobody has said, as the speaker would say them.
  ///
  /// - Parameter words: where they stand; their times are of no account.
  /// - Throws: as ``apply(to:gaps:)``.
  func lengths(of words: Range<Int>, in speech: AlignedSpeech) throws -> [Double] {
    let places = Self.places(in: speech)
    let isNew = places.map { place in
      // The pause before the first of them is heard, if not as long as it will be.
      words.contains(place.word) && (place.phone != nil || place.word > words.lowerBound)
    }
    let seconds = try tempo.seconds(
      of: zip(places, isNew).map {
        sound($0, in: speech, heard: $1 ? 0 : $0.end - $0.start, isKnown: !$1)
      })
    return places.indices.filter { isNew[$0] && places[$0].phone != nil }
      .map { max(Self.shortestPhoneme, seconds[$0]) }
  }

  private static func places(in speech: AlignedSpeech) -> [Place] {
    speech.words.indices.flatMap { index -> [Place] in
      let word = speech.words[index]
      var places: [Place] = []
      if index > 0 {
        let start = speech.words[index - 1].end
        places.append(Place(word: index, phone: nil, start: start, end: max(start, word.start)))
      }
      return places
        + word.phones.enumerated().map {
          Place(word: index, phone: $0, start: $1.start, end: $1.end)
        }
    }
  }

  private func sound(_ place: Place, in speech: AlignedSpeech, heard: Double, isKnown: Bool)
    -> TimedSound
  {
    let phoneme = place.phone.map { speech.words[place.word].phones[$0].phoneme } ?? 0
    let endsClause = place.phone == nil && Self.endsClause(speech.words[place.word - 1].text.text)
    return TimedSound(
      phoneme: phoneme, heardSeconds: max(0, heard), isKnown: isKnown, endsClause: endsClause)
  }

  /// As in the training (`tokens` of Models/training/speech/tempo.py).
  private static func endsClause(_ word: String) -> Bool {
    guard let last = word.last(where: { !"'\")".contains($0) }) else { return false }
    return ".,;:!?…-–—".contains(last)
  }
}
