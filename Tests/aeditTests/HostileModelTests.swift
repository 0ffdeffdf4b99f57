import Foundation
import Testing

/// 200 changed model files: none crashes the program, keeps it over 5 s, lets it take more memory
/// than the file warrants, or write anything.
///
/// Each is checked by `aedit models check` in a process of its own, whose limits the kernel holds:
/// no file may grow (`ulimit -f 0`), and private memory (`ulimit -d`) ends at what a small sound file
/// needs, twice the file's size and 2 MB, in which the allocator rounds. An allocation beyond that
/// fails, and the program with it.
@Suite(.serialized) struct HostileModelTests {
  private static let sources = [
    "torch/expected.safetensors", "torch/zip.pt", "torch/legacy.pt", "torch/protocol5.pt",
    "torch/zip64.pt", "torch/calls.pt", "torch/model.safetensors.index.json",
    "audioldm/scheduler/scheduler_config.json", "byte-pairs/prefixed/tokenizer.json",
    "audioldm/unet/config.json",
  ]
  private static let perSource = 20

  /// A linear congruential generator: the same files in every run.
  private struct Chance {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
  }

  private struct Outcome {
    var status: Int32
    var seconds: Double
    var isSignal: Bool
    var errors: String
  }

  /// Runs a check under limits of private memory in kB and of processor seconds.
  private func check(
    _ file: URL, in folder: URL, memory: Int, seconds: Int = 5
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("aedit").path
    process.arguments = [
      "-c",
      "ulimit -f 0; ulimit -c 0; ulimit -s 1024; ulimit -t \(seconds); ulimit -d \(memory); "
        + "exec \"$0\" models check \"$1\"",
      program, file.path,
    ]
    process.currentDirectoryURL = folder
    process.environment = [
      "HOME": folder.path, "TMPDIR": folder.path, "PATH": "/usr/bin:/bin",
      "OMP_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no",
    ]
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    let start = ContinuousClock.now
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let time = (ContinuousClock.now - start).components
    return Outcome(
      status: process.terminationStatus,
      seconds: Double(time.seconds) + Double(time.attoseconds) * 1e-18,
      isSignal: process.terminationReason == .uncaughtSignal,
      errors: String(decoding: said, as: UTF8.self))
  }

  /// Private memory in kB, to 512 kB, with which a small sound file passes its check. Most of it the
  /// numeric libraries take at their start; without that they try for ever, hence the second.
  private func need(in folder: URL) throws -> Int {
    let file = Command.root.appendingPathComponent("Tests/Fixtures/torch/zip.pt")
    func passes(_ memory: Int) throws -> Bool {
      try check(file, in: folder, memory: memory, seconds: 1).status == 0
    }
    var (low, high) = (0, 1 << 21)
    try #require(try passes(high))
    while high - low > 512 {
      let middle = (low + high) / 2
      if try passes(middle) { high = middle } else { low = middle }
    }
    return high
  }

  private func changed(_ whole: [UInt8], _ chance: inout Chance) -> [UInt8] {
    var bytes = whole
    switch chance.below(5) {
    case 0: bytes = Array(bytes[..<chance.below(bytes.count)])
    case 1:
      for _ in 0...chance.below(12) {
        bytes[chance.below(bytes.count)] = UInt8(chance.below(256))
      }
    case 2:
      // Numbers of the directory: a run of bytes at its start or end becomes large or zero.
      let start = chance.below(2) == 0 ? chance.below(64) : bytes.count - 1 - chance.below(200)
      let value: UInt8 = [0xFF, 0x7F, 0x00, 0x39][chance.below(4)]
      for place in max(0, start)..<min(bytes.count, max(0, start) + 1 + chance.below(8)) {
        bytes[place] = value
      }
    case 3:
      let start = chance.below(bytes.count)
      let end = min(bytes.count, start + 1 + chance.below(400))
      bytes.insert(contentsOf: bytes[start..<end], at: chance.below(bytes.count))
    default:
      let start = chance.below(bytes.count)
      bytes.removeSubrange(start..<min(bytes.count, start + 1 + chance.below(100)))
    }
    return bytes
  }

  @Test func noneDoesHarm() throws {
    let place = try Workplace()
    let inputs = place.url.appendingPathComponent("inputs")
    let home = place.url.appendingPathComponent("home")
    for folder in [inputs, home] {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    let fixtures = Command.root.appendingPathComponent("Tests/Fixtures")
    for shard in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
      try FileManager.default.copyItem(
        at: fixtures.appendingPathComponent("torch/" + shard),
        to: inputs.appendingPathComponent(shard))
    }
    var chance = Chance(state: 20_261_124)
    var refused = 0
    let memory = try need(in: home)
    for source in Self.sources {
      let original = fixtures.appendingPathComponent(source)
      let whole = [UInt8](try Data(contentsOf: original))
      for number in 0..<Self.perSource {
        let bytes = changed(whole, &chance)
        // The folder holds the index's shards, so that it can be sound.
        let file = inputs.appendingPathComponent(original.lastPathComponent)
        try Data(bytes).write(to: file)
        let limit = memory + 2 * bytes.count / 1024 + 2048
        let outcome = try check(file, in: home, memory: limit)
        let what = "\(source) change \(number): \(outcome)"
        #expect(!outcome.isSignal && [0, 1].contains(outcome.status), "\(what)")
        #expect(outcome.seconds < 5, "\(what)")
        if outcome.status == 1 {
          refused += 1
          let lines = outcome.errors.split(separator: "\n")
          #expect(lines.count == 1 && outcome.errors.hasPrefix("aedit: "), "\(what)")
        }
        try FileManager.default.removeItem(at: file)
      }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: home.path)
    #expect(left.isEmpty, "\(left)")
    // A suite whose files were all sound would show nothing.
    #expect(refused > 100, "\(refused) refused")
  }

  /// Files that say they hold far more than they do, or have the reader build it.
  @Test func claimsCostNothing() throws {
    let place = try Workplace()
    let home = place.url.appendingPathComponent("home")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let sound = Command.root.appendingPathComponent("Tests/Fixtures/torch/legacy.pt")
    let memory = try need(in: home)
    let legacy = [UInt8](try Data(contentsOf: sound)).prefix(15)
    let million = 1 << 20
    let pickles: [String: [UInt8]] = [
      "nones": [UInt8](repeating: 0x4E, count: 4 * million),
      "lists": [UInt8](repeating: 0x5D, count: 4 * million),
      "memos": [0x4E] + [UInt8](repeating: 0x94, count: 4 * million),
      "marks": [UInt8](repeating: 0x28, count: 4 * million),
      "nested": [0x4E] + [UInt8](repeating: 0x85, count: 4 * million) + [0x2E],
      // Lists that hold the one before twice: 2^60 paths.
      "paths": [0x5D, 0x4E, 0x61] + (0..<60).flatMap { _ in [0x32, 0x86] as [UInt8] } + [
        0x2E, 0x5D, 0x2E,
      ],
      "long text": [0x8D] + [UInt8](repeating: 0x7F, count: 8) + [0x2E],
    ]
    for (name, pickle) in pickles {
      // The magic number and version of a legacy file, then the pickle as its system record.
      let bytes = Array(legacy) + [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E, 0x4E, 0x2E] + pickle
      let file = place.url.appendingPathComponent("\(name).pt")
      try Data(bytes).write(to: file)
      let limit = memory + 2 * bytes.count / 1024 + 2048
      let outcome = try check(file, in: home, memory: limit)
      #expect(
        !outcome.isSignal && outcome.status == 1 && outcome.seconds < 5, "\(name): \(outcome)")
    }
  }
}
