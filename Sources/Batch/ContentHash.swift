import AudioFiles
import COpenSSL
import Foundation

/// SHA-256, in lower-case hex digits.
enum ContentHash {
  /// Of a text's UTF-8.
  static func of(_ text: String) -> String { of(Data(text.utf8)) }

  static func of(_ data: Data) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    data.withUnsafeBytes { bytes in
      _ = SHA256(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, &digest)
    }
    return hex(digest)
  }

  /// Of a file, read once from start to end.
  /// - Throws: `AudioFileError.system`
  static func ofFile(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AudioFileError.system(path: path, code: errno) }
    defer { close(descriptor) }
    posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_SEQUENTIAL))
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let got = read(descriptor, &buffer, buffer.count)
      if got < 0 {
        if errno == EINTR { continue }
        throw AudioFileError.system(path: path, code: errno)
      }
      if got == 0 { break }
      EVP_DigestUpdate(context, buffer, got)
    }
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    EVP_DigestFinal_ex(context, &digest, nil)
    return hex(digest)
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// What tells, without reading it, that a file is still the one it was: its times cannot be set back.
struct FileStamp: Codable, Equatable, Sendable {
  let bytes: Int
  let modified: Int
  let changed: Int
  let inode: UInt64

  /// - Throws: `AudioFileError`
  init(of path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw errno == ENOENT
        ? AudioFileError.notFound(path: path) : AudioFileError.system(path: path, code: errno)
    }
    bytes = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
    inode = UInt64(status.st_ino)
  }

  /// Whether the file is at rest: one that was changed a moment ago may change again within the
  /// same tick of the clock, and the stamp would not tell.
  var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Self.nanoseconds(now) - changed > 1_000_000_000
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
