import AudioFiles
import Foundation

/// A folder of its own that goes away with the value.
final class Scratch {
  let folder: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "aedit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}

/// SplitMix64: the tests' numbers, the same on every run.
struct Numbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in −1 ..< 1.
  mutating func unit() -> Double { Double(Int64(bitPattern: next()) >> 11) / 4_503_599_627_370_496 }
}

func fileBytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Random samples that `encoding` stores exactly, both full-scale ends among them.
func storable(
  _ encoding: SampleEncoding, channels: Int, frames: Int, seed: UInt64 = 1
) -> AudioBlock {
  var numbers = Numbers(state: seed)
  var samples = (0..<channels * frames).map { _ in numbers.unit() }
  switch encoding {
  case .integer(let bits):
    let scale = Double(UInt64(1) << UInt64(bits - 1))
    samples = samples.map { ($0 * scale).rounded(.down) / scale }
    samples[0] = -1
    samples[1] = (scale - 1) / scale
  case .float(32):
    samples = samples.map { Double(Float($0 * 1.5)) }
    samples[0] = -0.0
    samples[1] = Double(Float.leastNonzeroMagnitude)
    samples[2] = 1e30.rounded()
    samples[2] = Double(Float(samples[2]))
  default:
    samples[0] = -0.0
    samples[1] = Double.leastNonzeroMagnitude
  }
  return AudioBlock(channelCount: channels, samples: samples)
}

/// Writes a block and returns the warnings.
@discardableResult
func save(
  _ block: AudioBlock, _ path: String, rate: Int = 44100, encoding: SampleEncoding,
  tags: [AudioTag: String] = [:]
) throws -> [AudioWarning] {
  let info = AudioInfo(
    sampleRate: rate, channelCount: block.channelCount, frameCount: block.frameCount,
    encoding: encoding, tags: tags)
  let writer = try AudioWriter(path: path, like: info)
  try writer.write(block)
  return try writer.commit()
}

/// A steady two-partial tone, a little different in each channel.
func tone(channels: Int, frames: Int, rate: Int) -> AudioBlock {
  var samples: [Double] = []
  for f in 0..<frames {
    for c in 0..<channels {
      let t = Double(f) / Double(rate) * 2 * Double.pi
      samples.append(0.3 * sin(t * 440 * Double(c + 2) / 2) + 0.1 * sin(t * 1500))
    }
  }
  return AudioBlock(channelCount: channels, samples: samples)
}

/// Signal-to-error ratio of two blocks of equal shape, dB.
func ratioDB(_ reference: AudioBlock, _ other: AudioBlock) -> Double {
  var (signal, error) = (1e-30, 1e-30)
  for (a, b) in zip(reference.samples, other.samples) {
    signal += a * a
    error += (a - b) * (a - b)
  }
  return 10 * log10(signal / error)
}
