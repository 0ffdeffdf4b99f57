import AudioFiles
import Foundation

/// The program as a user runs it.
struct Command {
  var status: Int32
  var output: String
  var errors: String

  /// The repository, where `Models` lies.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let hasMusic = FileManager.default.fileExists(
    atPath: root.appendingPathComponent("Models/music/model.json").path)
  static let hasText = FileManager.default.fileExists(
    atPath: root.appendingPathComponent("Models/text/model.json").path)

  static let hasPainter = FileManager.default.fileExists(
    atPath: root.appendingPathComponent("Models/speech/painter.safetensors").path)
  static let hasSpeech = FileManager.default.fileExists(
    atPath: root.appendingPathComponent("Models/speech/model.json").path)

  /// A process with the repository's models, and what it writes.
  private static func process(
    _ program: String, _ arguments: [String], in folder: URL
  ) -> (Process, Pipe, Pipe) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging([
      "AEDIT_MODELS": root.appendingPathComponent("Models").path
    ]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    return (process, output, errors)
  }

  /// The built program.
  static let program = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("aedit").path

  /// Whether a test may mount file systems of its own.
  static let canMount = (try? shell("true", in: root))?.status == 0

  /// Runs a script of the repository that takes `--aedit`.
  static func script(_ name: String, _ arguments: [String]) throws -> Command {
    try Command(
      program: root.appendingPathComponent(name).path, ["--aedit", program] + arguments, in: root)
  }

  /// Runs a shell script with mounts of its own; `$0` is `aedit`.
  static func shell(_ script: String, in folder: URL) throws -> Command {
    try Command(
      program: "/usr/bin/unshare", ["--map-root-user", "--mount", "sh", "-c", script, program],
      in: folder)
  }

  /// Runs `aedit` to its end.
  /// - Parameters:
  ///   - interrupting: sends Ctrl-C once this is true.
  ///   - whenRunning: is called until it returns true.
  init(
    program: String = program, _ arguments: [String], in folder: URL,
    interrupting isTime: (() -> Bool)? = nil, whenRunning: (() -> Bool)? = nil
  ) throws {
    let (process, output, errors) = Self.process(program, arguments, in: folder)
    try process.run()
    if let isTime {
      while process.isRunning, !isTime() { usleep(2000) }
      process.interrupt()
    }
    if let whenRunning { while process.isRunning, !whenRunning() { usleep(20_000) } }
    let out = output.fileHandleForReading.readDataToEndOfFile()
    let err = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    status = process.terminationStatus
    self.output = String(decoding: out, as: UTF8.self)
    self.errors = String(decoding: err, as: UTF8.self)
  }
}

/// A folder for one test, deleted with it.
final class Workplace {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "aedit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }

  /// The first seconds of the demo song, again and again.
  func song(_ name: String = "song.wav", seconds: Double) throws {
    let demo = try AudioReader(
      path: Command.root.appendingPathComponent("Audio/demo-song.flac").path)
    let info = demo.info
    let place = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    let writer = try AudioWriter(path: place.path, like: info)
    var left = Int(seconds * Double(info.sampleRate))
    while left > 0 {
      if demo.position == info.frameCount { try demo.seek(toFrame: 0) }
      let block = try demo.read(frames: min(left, 65536))
      try writer.write(block)
      left -= block.frameCount
    }
    try writer.commit()
  }

  /// The clip of speech in another format, with what `damage` makes of its samples.
  func talk(
    rate: Int = 16000, channels: Int = 1,
    encoding: SampleEncoding = .integer(bits: 16), damage: (inout [Double]) -> Void = { _ in }
  ) throws {
    let root = Command.root.appendingPathComponent("Audio")
    let clip = try AudioReader(path: root.appendingPathComponent("talk.flac").path)
    var samples = try StreamResampler.resample(
      try clip.readAll().channel(0), from: clip.info.sampleRate, to: rate
    ).map(Double.init)
    damage(&samples)
    let block = AudioBlock(
      channelCount: channels,
      samples: samples.flatMap { value in (0..<channels).map { value / Double($0 + 1) } })
    let info = AudioInfo(
      sampleRate: rate, channelCount: channels, frameCount: samples.count, encoding: encoding)
    let writer = try AudioWriter(
      path: url.appendingPathComponent("talk.wav").path, like: info)
    try writer.write(block)
    try writer.commit()
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("talk.txt"), to: url.appendingPathComponent("talk.txt"))
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: url.appendingPathComponent(name))
  }

  func run(_ arguments: String...) throws -> Command { try Command(arguments, in: url) }
}
