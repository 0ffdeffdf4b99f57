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

extension SafetensorsFile {
  /// The tensor `key` with whatever shape it has.
  public func tensor(_ key: String) throws -> Tensor {
    try tensor(key, header.tensors[key]?.shape ?? [])
  }

  /// The tensor `key`, which holds zeros and ones, as booleans by its first dimension.
  public func flags(_ key: String) throws -> [[Bool]] {
    let tensor = try tensor(key)
    return (0..<tensor.shape[0]).map { tensor[$0].floats.map { $0 != 0 } }
  }
}
