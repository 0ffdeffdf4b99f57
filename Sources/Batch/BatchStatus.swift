import Foundation

/// How a batch stands.
public struct BatchStatus: Sendable, Encodable {
  public let folder: String
  /// Jobs by state.
  public let jobs: [String: Int]
  /// Who works on it now; nil when nobody does.
  public let owner: String?

  /// - Throws: ``BatchError``
  public init(folder path: String) throws {
    let folder = BatchFolder(path)
    guard JobTable.exists(folder) else { throw BatchError.none(folder: path) }
    let rows = try JobTable(folder, readOnly: true).rows()
    self.folder = folder.path
    owner = FileLock.owner(folder.lock)
    jobs = Dictionary(grouping: rows, by: \.state.rawValue).mapValues(\.count)
  }
}
