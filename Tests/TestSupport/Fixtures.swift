import Checkpoints
import Foundation
import Tensors

/// Files committed under `Tests/Fixtures`.
public enum Fixtures {
  /// The file or folder `path` below `Tests/Fixtures`.
  public static func url(_ path: String, thisFile: String = #filePath) -> URL {
    URL(fileURLWithPath: thisFile).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(path)
  }

  /// The safetensors file `path` below `Tests/Fixtures`.
  public static func tensors(_ path: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: url(path).path)
  }
}

extension Fixtures {
  /// The published config `path` below `Tests/Fixtures`.
  public static func config(_ path: String) throws -> PublishedConfig {
    try PublishedConfig(path: url(path).path)
  }

  /// Builds a network in a precision from the safetensors file `path`, and checks that it took
  /// every tensor.
  public static func load<Network>(
    _ path: String, _ precision: Precision = .fp32, _ make: (WeightScope) throws -> Network
  ) throws -> Network {
    try Precision.$current.withValue(precision) {
      let w = try tensors(path).scope()
      let network = try make(w)
      try w.finish()
      return network
    }
  }
}

extension Checkpoint {
  /// The tensor `key` with whatever shape it has.
  public func tensor(_ key: String) throws -> Tensor {
    try tensor(key, tensors[key]?.shape ?? [])
  }

  /// The tensor `key`, which holds zeros and ones, as booleans by its first dimension.
  public func flags(_ key: String) throws -> [[Bool]] {
    let tensor = try tensor(key)
    return (0..<tensor.shape[0]).map { tensor[$0].floats.map { $0 != 0 } }
  }
}
