import AudioFiles
import Editors
import Foundation
import Transcripts

extension SpeechEditor {
  /// Cuts words out of a recording and speaks others in their place, in the same voice. Before and
  /// after them every sample stays as it is; the output is longer or shorter than the input.
  ///
  /// This puts words into somebody's mouth: whoever calls it must have made sure that the speaker
  /// consents. The report and a comment tag of the output say what was done.
  ///
  /// - Parameters:
  ///   - old: words of the transcript that are said once.
  ///   - new: what is spoken instead.
  ///   - output: nil for `talk.filled.<ext>` beside the input.
  /// - Throws: as ``fill(_:transcript:to:options:progress:)``.
  public func replace(
    _ old: String, by new: String, in input: String, transcript: Transcript,
    to output: String? = nil, options: FillOptions, progress: ProgressHandler = { _ in }
  ) throws -> FillReport {
    let song = try Song(path: input)
    let files = try fillFiles(input, song.info, output, options)
    let listener = try listener(for: song)
    let speech = try listener.align(transcript, with: song) {
      try progress(EditProgress(fraction: 0.6 * $0, activity: "listening"))
    }
    let warning = try check(speech)
    let filler = GapFiller(
      filler: try models.filler(), phonemizer: listener.phonemizer, seed: options.seed)
    let place = try Self.place(of: old, in: speech)
    let spoken = try phones(of: new, listener)
    let rate = Double(song.info.sampleRate)
    let span = speech.words[place.lowerBound].start...speech.words[place.upperBound - 1].end
    _ = try check(speech, in: [Self.heard(around: span)])
    let cut = Int(span.lowerBound * rate)..<min(song.info.frameCount, Int(span.upperBound * rate))
    let unsaid = speech.replacing(
      place, by: spoken, lengths: [Double](repeating: 0, count: spoken.flatMap(\.classes).count))
    let lengths = try GapTiming(tempo: models.tempo()).lengths(
      of: place.lowerBound..<place.lowerBound + spoken.count, in: unsaid)
    let seconds = lengths.reduce(0, +)
    guard seconds <= GapFiller.longestSeconds else {
      throw EditError.option(
        name: "--replace", value: new,
        allowed: "at most \(GapFiller.longestSeconds) s long, about "
          + "\(Int(GapFiller.longestSeconds * 2.5)) words")
    }
    let gap = cut.lowerBound..<cut.lowerBound + Int(seconds * rate)
    let spliced = Song(song, silence: gap.count, for: cut)
    let changed = speech.replacing(place, by: spoken, lengths: lengths)
    try progress(EditProgress(fraction: 0.6, activity: "speaking"))
    let patch = try filler.fill(spliced, gap: gap, others: [], speech: changed)
    let edited = Song(spliced, [patch])
    var info = edited.info
    let note = "Speech edited by aedit: '\(old)' was replaced by synthetic '\(new)'."
    info.tags[.comment] = [info.tags[.comment], note].compactMap(\.self).joined(separator: " ")
    let writer = try AudioWriter(path: files.song, like: info, overwrite: options.overwrite)
    let reader = try edited.reader()
    for piece in (0..<info.frameCount).pieces(of: SongLevels.blockFrames) {
      try writer.write(try reader.read(piece))
      try progress(
        EditProgress(
          fraction: 0.9 + 0.1 * Double(piece.upperBound) / Double(info.frameCount),
          activity: "writing"))
    }
    let warnings = [warning].compactMap(\.self) + (try writer.commit().map(\.description))
    let report = FillReport(
      input: input, output: files.song,
      gaps: [
        GapReport(
          kind: .given, startSeconds: Double(gap.lowerBound) / rate,
          endSeconds: Double(gap.upperBound) / rate, words: spoken.map(\.word.text), isFilled: true)
      ], seed: options.seed, models: models.used,
      formula: "out = in before the new words, and in, moved, after them",
      clippedSamples: writer.clippedSampleCount,
      changedShare: Double(gap.count) / Double(max(1, info.frameCount)), changed: true,
      replacement: Replacement(
        old: old, new: new, oldStartSeconds: span.lowerBound, oldEndSeconds: span.upperBound),
      warnings: song.info.notices + warnings)
    try OutputFiles.write(report.json, to: files.sidecar)
    return report
  }

  /// A word with its classes.
  typealias Spoken = (word: TranscriptWord, classes: [Int])

  private func phones(of text: String, _ listener: SpeechListener) throws -> [Spoken] {
    let words = Transcript(text: text)
    let spoken = zip(words.words, try words.phonemes(listener.phonemizer)).map {
      (word: $0, classes: $1.flatMap(listener.inventory.encode))
    }.filter { !$0.classes.isEmpty }
    guard !spoken.isEmpty else {
      throw EditError.option(name: "--replace", value: text, allowed: "words that can be spoken")
    }
    return spoken
  }

  /// Where words are said in the transcript.
  /// - Throws: ``EditError`` when they are not said, or more than once.
  static func place(of text: String, in speech: AlignedSpeech) throws -> Range<Int> {
    func plain(_ word: String) -> String {
      word.lowercased().filter { $0.isLetter || $0.isNumber }
    }
    let wanted = Transcript(text: text).words.map { plain($0.text) }
    let said = speech.words.map { plain($0.text.text) }
    let found = said.indices.filter {
      !wanted.isEmpty && $0 + wanted.count <= said.count
        && Array(said[$0..<$0 + wanted.count]) == wanted
    }
    guard let first = found.first else {
      throw EditError.option(
        name: "--replace", value: text, allowed: "words that stand together in the transcript")
    }
    guard found.count == 1 else {
      throw EditError.option(
        name: "--replace", value: text,
        allowed: "said once, not \(found.count) times; give the words around it too")
    }
    return first..<first + wanted.count
  }
}

extension AlignedSpeech {
  /// The same speech with other words in a place, from its start on; what follows is moved.
  /// - Parameter lengths: seconds of each new phoneme.
  func replacing(
    _ place: Range<Int>, by spoken: [SpeechEditor.Spoken], lengths: [Double]
  ) -> AlignedSpeech {
    var at = words[place.lowerBound].start
    var lengths = lengths[...]
    let new = spoken.map { word, classes in
      let phones = classes.map { phoneme in
        let start = at
        at += lengths.removeFirst()
        return Phone(phoneme: phoneme, start: start, end: at)
      }
      return Word(text: word, phones: phones, confidence: nil)
    }
    let shift = at - words[place.upperBound - 1].end
    let moved = words[place.upperBound...].map { word in
      Word(
        text: word.text,
        phones: word.phones.map {
          Phone(phoneme: $0.phoneme, start: $0.start + shift, end: $0.end + shift)
        }, confidence: word.confidence)
    }
    return AlignedSpeech(
      words: words[..<place.lowerBound] + new + moved, seconds: seconds + shift)
  }
}
