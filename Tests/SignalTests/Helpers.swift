import Checkpoints
import Foundation
import TestSupport

/// Numbers of `Tests/Fixtures/signal/<file>.safetensors`.
struct Reference {
  let file: SafetensorsFile

  init(_ name: String) throws {
    file = try SafetensorsFile(path: Fixtures.url("signal/\(name).safetensors").path)
  }

  func shape(_ key: String) -> [Int] { file.header.tensors[key]?.shape ?? [] }

  func callAsFunction(_ key: String) throws -> [Float] {
    try file.tensor(key, shape(key)).floats
  }
}

/// SplitMix64: the same numbers on every run, uniform in −1 ..< 1.
func noise(_ count: Int, seed: UInt64 = 1) -> [Float] {
  var state = seed
  return (0..<count).map { _ in
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float(Double(Int64(bitPattern: z ^ (z >> 31)) >> 11) / 4_503_599_627_370_496)
  }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
