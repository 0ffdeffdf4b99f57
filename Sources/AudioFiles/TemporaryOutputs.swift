import Foundation
import Synchronization

/// The half-written files of this process, so that an interrupted program leaves none behind.
public enum TemporaryOutputs {
  private static let paths = Mutex<Set<String>>([])
  private static let counter = Atomic<Int>(0)

  /// Deletes every file that is not committed yet: for the handler of Ctrl-C, before exiting.
  public static func discardAll() {
    let left = paths.withLock { set in
      defer { set.removeAll() }
      return set
    }
    for path in left { unlink(path) }
  }

  /// A name beside `path`, hidden and with the same ending, so that a rename replaces it at once.
  package static func reserve(for path: String) -> String {
    let number = counter.add(1, ordering: .relaxed).newValue
    let (folder, name) = split(path)
    let temporary = "\(folder).\(getpid())-\(number).part.\(name)"
    paths.withLock { _ = $0.insert(temporary) }
    return temporary
  }

  package static func release(_ temporary: String) {
    paths.withLock { _ = $0.remove(temporary) }
  }

  /// The folder with its closing slash (empty for none), and the name.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    let after = path.index(after: slash)
    return (String(path[..<after]), String(path[after...]))
  }
}
