import Foundation

/// A LoRA file as tests write it: each factor filled with a value of its own.
public struct LoRAFile {
  public var metadata: [String: String]
  public var factors: [(name: String, shape: [Int], value: Float)]

  public init(
    base hash: String, kind: String = "music", component: String = "mask", rank: Int = 1,
    factors: [(name: String, shape: [Int], value: Float)]
  ) {
    metadata = [
      "kind": kind, "component": component, "base_sha256": hash, "rank": "\(rank)", "alpha": "2",
      "licence": "CC0-1.0",
    ]
    self.factors = factors
  }

  /// Writes it as safetensors in single precision.
  public func write(to path: String) throws {
    var header: [String: Any] = ["__metadata__": metadata]
    var numbers: [Float] = []
    for factor in factors {
      let start = numbers.count * 4
      numbers += [Float](repeating: factor.value, count: factor.shape.reduce(1, *))
      header[factor.name] = [
        "dtype": "F32", "shape": factor.shape, "data_offsets": [start, numbers.count * 4],
      ]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
