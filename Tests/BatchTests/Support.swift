import AudioFiles
import Batch
import Editing
import Editors
import Foundation
import Instructions
import Signal
import Synchronization
import Tensors

/// Halves the whole spectrum, whatever is asked for.
struct HalfMasker: StemMasker {
  let mel = MelLayout(
    sampleRateHz: 44100, stft: STFTLayout(fftSize: 4096, hopSamples: 1024), bands: 64,
    scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
  let framesPerToken = 2
  let shareWeight: Float = 1

  func leastLoudness(of target: String) -> Double? { nil }

  func masks(of mixture: Tensor, named texts: [TextStates]) throws -> [StemMask] {
    let frames = mixture.shape[0]
    return try texts.map { _ in
      StemMask(
        mask: try Tensor(
          [Float](repeating: 0.5, count: 2 * frames * mel.bands), shape: [frames, mel.bands, 2]),
        presence: 1)
    }
  }
}

/// Models for batches: they know removals ("remove the drums", "remove the bass") and `add` without
/// being able to do it; `masker()` fails as often as it is told to.
final class TestModels: EditingModels {
  struct Failures: Sendable {
    var error: AudioFileError
    var left: Int
  }

  let failures: Mutex<Failures?>
  let hash: String
  private let asked = Mutex(0)
  var maskersAsked: Int { asked.withLock(\.self) }

  private let stems: [String]

  init(failures: Failures? = nil, hash: String = "1", stems: [String] = ["drums", "bass"]) {
    self.failures = Mutex(failures)
    (self.hash, self.stems) = (hash, stems)
  }

  var used: [LoadedModel] {
    [LoadedModel(name: "test", version: "1", licence: "none", hashes: ["weights": hash])]
  }
  func verified() throws -> [LoadedModel] { used }
  func targets() throws -> [String] { stems }
  func madeTargets() throws -> [String] { ["drums", "bass"] }
  func states(of text: String) throws -> TextStates { TextStates(try Tensor([1], shape: [1, 1])) }

  func madeSounds() throws -> [String] { [] }
  func soundTargets() throws -> [String] { [] }

  func masker(for target: String) throws -> any StemMasker {
    asked.withLock { $0 += 1 }
    try failures.withLock { failures in
      guard let failure = failures, failure.left > 0 else { return }
      failures = Failures(error: failure.error, left: failure.left - 1)
      throw failure.error
    }
    return HalfMasker()
  }

  /// These for songs, and the installed ones for speech.
  func editors() throws -> JobEditors {
    JobEditors(songs: SongEditor(models: self), speech: try SpeechEditor())
  }

  func generator(for target: String) throws -> any StemGenerator {
    throw EditError.unsupported(what: "nothing is made here", hint: "remove something")
  }

  func trebleEstimator() throws -> any TrebleEstimator {
    throw EditError.unsupported(what: "no highs are made here", hint: "remove something")
  }

  func plan(_ instruction: String) throws -> EditPlan {
    let words = instruction.split(separator: " ").map(String.init)
    guard let operation = PlanOperation(rawValue: words.first ?? ""), let target = words.last else {
      throw InstructionError.notUnderstood(part: instruction, nearest: [])
    }
    return EditPlan(
      steps: [PlanStep(operation: operation, target: target, confidence: 1, text: instruction)])
  }
}

/// A folder for one test, deleted with it.
final class TestFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "aedit-batch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws {
    let place = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: place)
  }

  /// Half a second of a tone.
  func song(_ name: String, hz: Double = 440) throws {
    let place = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    let rate = 8000
    let info = AudioInfo(
      sampleRate: rate, channelCount: 1, frameCount: rate / 2, encoding: .integer(bits: 16))
    let writer = try AudioWriter(path: place.path, like: info)
    let samples = (0..<rate / 2).map { Float(0.3 * sin(2 * .pi * hz * Double($0) / Double(rate))) }
    try writer.write(AudioBlock(channels: [samples]))
    try writer.commit()
  }

  /// The clip of speech, 9 s at 16 kHz, with digital silence for some of it, and its transcript beside
  /// it.
  func talk(_ name: String, silent: Range<Int> = 0..<0) throws {
    let audio = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Audio")
      .standardizedFileURL
    let clip = try AudioReader(path: audio.appendingPathComponent("talk.flac").path)
    let text = try String(
      contentsOf: audio.appendingPathComponent("talk.txt"), encoding: .utf8)
    try write(text, to: (name as NSString).deletingPathExtension + ".txt")
    var block = try clip.readAll()
    for index in silent { block.samples[index] = 0 }
    let info = AudioInfo(
      sampleRate: clip.info.sampleRate, channelCount: 1, frameCount: block.frameCount,
      encoding: .integer(bits: 16))
    let writer = try AudioWriter(path: path(name), like: info)
    try writer.write(block)
    try writer.commit()
  }

  /// All files below a folder, but for reports and what the batch keeps for itself.
  func files(_ folder: String) throws -> [String: Data] {
    let base = url.appendingPathComponent(folder)
    let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
    var files: [String: Data] = [:]
    for name in names where !name.hasPrefix(".aedit-batch") && !name.hasPrefix("report.") {
      let place = base.appendingPathComponent(name)
      if !place.hasDirectoryPath, let data = try? Data(contentsOf: place) { files[name] = data }
    }
    return files
  }

  func request(_ inputs: String..., instructions: [String] = ["remove the drums"]) -> BatchRequest {
    var request = BatchRequest(out: path("out"))
    request.inputs = inputs.map(path)
    request.instructions = instructions
    return request
  }

  /// Fills from transcripts beside the recordings.
  func fills(_ inputs: String...) -> BatchRequest {
    var request = BatchRequest(out: path("out"))
    request.inputs = inputs.map(path)
    request.transcript = "{stem}.txt"
    return request
  }
}

extension BatchRun {
  init(_ request: BatchRequest, resumes: Bool = false, retries: Int = 0, models: TestModels) {
    var settings = BatchSettings()
    settings.workers = 2
    settings.retries = retries
    self.init(request, settings: settings, resumes: resumes, editors: models.editors)
  }

  func run() throws -> BatchSummary { try run { _, _ in } }
}

/// The lines of the problems that keep a batch from running.
func problems(of body: () throws -> Void) -> [String] {
  do { try body() } catch BatchError.problems(let lines) { return lines } catch {}
  return []
}
