import Glibc

/// A whole file as read-only memory, paged in as it is touched and unmapped with its last user.
///
/// The file must not be shortened while it is mapped: the system then ends the program on access.
public final class MappedFile: Sendable {
  public let path: String
  /// All bytes of the file; valid as long as this object lives, which the pointer does not see to:
  /// keep the object, or read within `withExtendedLifetime`.
  nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer

  /// - Throws: ``CheckpointError/unreadable(file:reason:)`` when the path names no readable regular file.
  public init(path: String) throws {
    func refuse(_ reason: String) -> CheckpointError { .unreadable(file: path, reason: reason) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw refuse(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw refuse(String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw refuse("it is not a regular file") }
    self.path = path
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let size = Int(status.st_size)
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else { throw refuse(String(cString: strerror(errno))) }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }
}
