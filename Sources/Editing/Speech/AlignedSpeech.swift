import Editors
import Foundation
import Signal
import Transcripts

/// A transcript's words with their phonemes' places in a sound.
struct AlignedSpeech {
  struct Phone: Equatable {
    /// The networks' class.
    let phoneme: Int
    /// Seconds.
    var start: Double
    var end: Double
  }

  struct Word {
    let text: TranscriptWord
    var phones: [Phone]
    /// The probability of the word's phonemes over that of the likeliest ones, geometric mean of its
    /// frames; nil where nothing was heard.
    let confidence: Double?

    var start: Double { phones.first?.start ?? 0 }
    var end: Double { phones.last?.end ?? 0 }
  }

  /// Words that have phonemes, in their order.
  var words: [Word]
  /// Length of the sound.
  let seconds: Double

  func timed(_ inventory: PhonemeInventory) -> TimedTranscript {
    func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
    return TimedTranscript(
      words: words.map { word in
        TimedWord(
          word: word.text.text, start: rounded(word.start), end: rounded(word.end),
          confidence: word.confidence.map { rounded($0) },
          phones: word.phones.map {
            .init(
              symbol: inventory.symbols[$0.phoneme], start: rounded($0.start), end: rounded($0.end))
          })
      }, seconds: rounded(seconds))
  }

  /// Words that do not fit the sound.
  struct Mismatch {
    /// Where the first run of them begins.
    let first: Word
    /// How many of all heard words lie in such runs, 0...1.
    let share: Double
  }

  /// Runs of words that do not fit the sound; nil when the transcript matches.
  ///
  /// - Parameters:
  ///   - leastFit: what the logarithm of the confidence of all words of a run must reach.
  ///   - places: seconds; only runs that lie there in part are looked at. nil for all.
  func mismatch(leastFit: Double, in places: [ClosedRange<Double>]? = nil) -> Mismatch? {
    let heard = words.filter { $0.confidence != nil }
    let run = min(Self.runLength, heard.count)
    guard run > 0 else { return nil }
    var wrong = Set<Int>()
    for first in 0...heard.count - run {
      let part = heard[first..<first + run]
      let phones = part.reduce(0) { $0 + $1.phones.count }
      let sum = part.reduce(0.0) { $0 + log($1.confidence ?? 1) * Double($1.phones.count) }
      guard sum / Double(max(1, phones)) < leastFit else { continue }
      let (start, end) = (heard[first].start, heard[first + run - 1].end)
      if places?.contains(where: (start...max(start, end)).overlaps) ?? true {
        wrong.formUnion(first..<first + run)
      }
    }
    return wrong.min().map {
      Mismatch(first: heard[$0], share: Double(wrong.count) / Double(heard.count))
    }
  }

  /// Words of which some may be unclear.
  private static let runLength = 8
}

/// Finds a transcript's words in a sound.
struct SpeechListener {
  let aligner: SpeechAligner
  let inventory: PhonemeInventory
  let phonemizer: Phonemizer

  /// A word may begin and end so much outside of the time that the transcript gives it, seconds.
  private static let windowMargin = 0.75
  /// What the frames hear on both sides of their time, seconds.
  private static let frameReach = 0.016

  /// - Parameters:
  ///   - unheard: stretches of the song in which nothing can be heard, frames of the song.
  ///   - progress: gets the share that is done.
  /// - Throws: ``EditError/transcript(reason:)`` when there is no way that the words fit the sound.
  func align(
    _ transcript: Transcript, with song: Song, unheard: [Range<Int>] = [],
    progress: (Double) throws -> Void
  ) throws -> AlignedSpeech {
    let (seconds, rate) = (song.info.durationSeconds, Double(song.info.sampleRate))
    var (words, classes) = ([TranscriptWord](), [[Int]]())
    for (word, symbols) in zip(transcript.words, try transcript.phonemes(phonemizer)) {
      let codes = symbols.flatMap(inventory.encode)
      guard !codes.isEmpty else { continue }
      words.append(word)
      classes.append(codes)
    }
    var path = PhonemePath(words: classes)
    path.windows = words.map { word in
      word.seconds.map {
        aligner.frame(atSeconds: $0.lowerBound - Self.windowMargin)..<aligner.frame(
          atSeconds: $0.upperBound + Self.windowMargin) + 1
      }
    }
    path.unheard = unheard.map {
      let first = aligner.frame(atSeconds: Double($0.lowerBound) / rate - Self.frameReach)
      return
        first..<max(
          first, aligner.frame(atSeconds: Double($0.upperBound) / rate + Self.frameReach) + 1)
    }
    let posteriors = try aligner.posteriors(
      of: try heard(song, progress: { try progress(0.3 * $0) })
    ) {
      try progress(0.3 + 0.6 * $0)
    }
    guard let spans = path.frames(in: posteriors) else {
      throw EditError.transcript(
        reason: "its \(words.count) words do not fit into \(TimeRange.clock(seconds)) of sound")
    }
    try progress(1)
    return AlignedSpeech(
      words: words.indices.map { index in
        AlignedSpeech.Word(
          text: words[index],
          phones: zip(classes[index], spans[index]).map { phoneme, frames in
            AlignedSpeech.Phone(
              phoneme: phoneme, start: min(seconds, aligner.seconds(atFrame: frames.lowerBound)),
              end: min(seconds, aligner.seconds(atFrame: frames.upperBound)))
          },
          confidence: confidence(
            of: classes[index], spans[index], in: posteriors, unheard: path.unheard))
      }, seconds: seconds)
  }

  /// Log-mel frames of the whole song at a level that the aligner was trained on.
  private func heard(_ song: Song, progress: (Double) throws -> Void) throws -> MelFrames {
    let levels = try SongLevels(of: song, progress: { try progress(0.4 * $0) })
    let total = Double(max(1, song.info.frameCount))
    let stream = try SoundStream(
      song, range: 0..<song.info.frameCount, rate: aligner.mel.sampleRateHz, gain: levels.modelGain)
    var mel = MelStream(try MelSpectrogram(aligner.mel))
    var frames = MelFrames(bandCount: aligner.mel.bands)
    var taken = 0.0
    while let channels = try stream.next() {
      frames.append(mel.push(channels[0]))
      taken += Double(channels[0].count)
      let share = taken / Double(aligner.mel.sampleRateHz) * Double(song.info.sampleRate) / total
      try progress(0.4 + 0.6 * min(1, share))
    }
    frames.append(mel.finish())
    return frames
  }

  private func confidence(
    of phonemes: [Int], _ spans: [Range<Int>], in posteriors: PhonemePosteriors,
    unheard: [Range<Int>]
  ) -> Double? {
    var (sum, count) = (0.0, 0)
    for (phoneme, span) in zip(phonemes, spans) {
      for frame in span where !unheard.contains(where: { $0.contains(frame) }) {
        let row = frame * posteriors.classCount
        let best = posteriors.values[row..<row + posteriors.classCount].max() ?? 0
        sum += Double(posteriors.values[row + phoneme] - best)
        count += 1
      }
    }
    return count == 0 ? nil : exp(sum / Double(count))
  }
}
