import AudioFiles
import Checkpoints
import Foundation
import Tensors
import Transcripts

/// Works on recordings of speech, with their transcript.
///
/// ```swift
/// let editor = try SpeechEditor()
/// let words = try editor.align("talk.wav", to: Transcript(path: "talk.txt")).times
/// ```
public final class SpeechEditor: Sendable {
  let models: SpeechModels

  /// - Parameters: as of ``SongEditor/init(model:precision:)``.
  /// - Throws: `CheckpointError`
  public init(model: String? = nil, precision: Precision = .auto) throws {
    models = try SpeechModels(model: model, precision: precision)
  }

  /// The packages that fills use, without their networks being loaded.
  /// - Throws: `CheckpointError`, also when a file is not the one that its package was made with.
  public func verifiedModels() throws -> [LoadedModel] { try models.verified() }

  /// Share of a transcript's words that may be others than those that are said: a slip in a long
  /// transcript is worth a warning, a transcript of something else is refused.
  static let mostWrong = 0.05

  /// Finds where each word of a transcript is said.
  ///
  /// - Parameter force: gives times however little the words fit the sound.
  /// - Returns: the words' times, and where some of the words do not fit.
  /// - Throws: ``EditError/transcript(reason:)`` with the place where the transcript stops matching,
  ///   `TranscriptError`, `AudioFileError`, `CheckpointError`, and what `progress` throws.
  public func align(
    _ input: String, to transcript: Transcript, force: Bool = false,
    progress: ProgressHandler = { _ in }
  ) throws -> (times: TimedTranscript, warning: String?) {
    let song = try Song(path: input)
    let listener = try listener(for: song)
    let aligned = try listener.align(transcript, with: song) {
      try progress(EditProgress(fraction: $0, activity: "listening"))
    }
    let warning = try check(aligned, atMost: force ? 1 : Self.mostWrong)
    return (aligned.timed(listener.inventory), warning)
  }

  /// Refuses a name under which ``write(_:of:to:)`` must not write.
  ///
  /// - Parameter inputs: what is only read.
  /// - Throws: ``EditError``, `TranscriptError` for an ending that says no format.
  public static func checkTimesPath(_ path: String, inputs: [String], overwrite: Bool) throws {
    _ = try TimedFormat(path: path)
    if inputs.contains(where: { OutputFiles.same($0, path) }) {
      throw EditError.outputIsInput(path: path)
    }
    if !overwrite, FileManager.default.fileExists(atPath: path) {
      throw EditError.exists(path: path)
    }
  }

  /// Writes times in the format that the path's ending says.
  ///
  /// - Parameter recording: the sound that they belong to.
  /// - Throws: ``EditError``, `TranscriptError`
  public static func write(_ times: TimedTranscript, of recording: String, to path: String) throws {
    let text = times.text(
      as: try TimedFormat(path: path), name: (recording as NSString).lastPathComponent)
    try OutputFiles.write(Data(text.utf8), to: path)
  }

  /// Longest recording, seconds: what the aligner keeps of one must fit into memory.
  static let longestSeconds = 4.0 * 3600

  func checkLength(_ info: AudioInfo) throws {
    guard info.durationSeconds <= Self.longestSeconds else {
      throw EditError.unsupported(
        what: "a recording of \(TimeRange.clock(info.durationSeconds)) is too long",
        hint: "cut it into parts of at most \(TimeRange.clock(Self.longestSeconds))")
    }
  }

  func listener(for song: Song) throws -> SpeechListener {
    try checkLength(song.info)
    return SpeechListener(
      aligner: try models.aligner(), inventory: try models.inventory(),
      phonemizer: try Phonemizer())
  }

  /// - Parameter share: of the words, how many need not fit.
  /// - Returns: a warning when some do not.
  /// - Throws: ``EditError/transcript(reason:)``, `CheckpointError`
  func check(_ aligned: AlignedSpeech, atMost share: Double = mostWrong) throws -> String? {
    guard let mismatch = aligned.mismatch(leastFit: try models.leastFit()) else { return nil }
    let reason = Self.reason(mismatch, aligned)
    guard mismatch.share <= share else { throw EditError.transcript(reason: reason) }
    return reason
  }

  /// - Parameter places: where the words must fit, seconds.
  /// - Returns: a warning when they do not fit elsewhere.
  /// - Throws: ``EditError/transcript(reason:)``, `CheckpointError`
  func check(_ aligned: AlignedSpeech, in places: [ClosedRange<Double>]) throws -> String? {
    let least = try models.leastFit()
    if let mismatch = aligned.mismatch(leastFit: least, in: places) {
      throw EditError.transcript(reason: Self.reason(mismatch, aligned))
    }
    return aligned.mismatch(leastFit: least).map {
      "\(Self.reason($0, aligned)); no gap is near"
    }
  }

  private static func reason(
    _ mismatch: AlignedSpeech.Mismatch, _ aligned: AlignedSpeech
  ) -> String {
    let word = mismatch.first
    let number = aligned.words.firstIndex { $0.text == word.text && $0.start == word.start } ?? 0
    return "from '\(word.text.text)' on (word \(number + 1), \(TimeRange.clock(word.start)))"
      + " other words are said"
  }
}
