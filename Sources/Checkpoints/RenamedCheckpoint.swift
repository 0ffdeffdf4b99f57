/// A checkpoint whose tensors go by a network's names instead of its publisher's.
public final class RenamedCheckpoint: Checkpoint {
  public let path: String
  public let tensors: [String: CheckpointTensor]

  /// - Parameter names: gives the network's name for a published one.
  /// - Throws: ``CheckpointError/malformed(file:problem:)`` when two tensors get the same name.
  public init(_ base: any Checkpoint, names: NameMap) throws {
    path = base.path
    var renamed: [String: CheckpointTensor] = [:]
    for (published, tensor) in base.tensors {
      let name = names(published)
      guard renamed.updateValue(tensor, forKey: name) == nil else {
        throw CheckpointError.malformed(
          file: base.path, problem: "two of its tensors stand for '\(name.prefix(120))'")
      }
    }
    tensors = renamed
  }
}

/// How the names of one published layout become those of another: the longest prefix that the table
/// holds is replaced, then parts within the rest.
public struct NameMap: Sendable {
  private let prefixes: [String: String]
  private let parts: [(published: String, name: String)]

  /// - Parameters:
  ///   - prefixes: beginnings of published names, whole up to a dot, and what stands for them.
  ///   - parts: what is replaced inside of names whose prefix was found, such as a layer's name;
  ///     the first that occurs.
  public init(prefixes: [(String, String)], parts: [(String, String)] = []) {
    self.prefixes = Dictionary(prefixes) { first, _ in first }
    self.parts = parts
  }

  /// The other layout's name; a name that the map does not know stays.
  public func callAsFunction(_ published: String) -> String {
    var end = published.endIndex
    while let dot = published[..<end].lastIndex(of: ".") {
      if let prefix = prefixes[String(published[..<dot])] {
        return prefix + inner(published[dot...])
      }
      end = dot
    }
    return published
  }

  private func inner(_ rest: Substring) -> String {
    for part in parts where rest.hasPrefix("." + part.published + ".") {
      return "." + part.name + rest.dropFirst(part.published.count + 1)
    }
    return String(rest)
  }
}
