import Foundation

/// Files committed under `Tests/Fixtures`.
public enum Fixtures {
  /// The file or folder `path` below `Tests/Fixtures`.
  public static func url(_ path: String, thisFile: String = #filePath) -> URL {
    URL(fileURLWithPath: thisFile).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(path)
  }
}
