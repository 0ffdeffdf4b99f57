import CCurl
import Checkpoints
import Foundation

/// One file fetched by HTTPS (HTTP only from this machine), with resume.
///
/// Bytes arrive in `PATH.part`, with the server's mark of the version (its entity tag) in
/// `PATH.part.etag`; a later call goes on where this one stopped if the server still has that
/// version, else begins anew. `PATH` appears when size and hash are as they should be.
public struct Download: Sendable {
  public let url: String
  public let path: String
  /// Bytes over which the transfer is ended.
  public var maxBytes: Int
  /// Bytes that the file must have, if known.
  public var expectedBytes: Int?
  /// Lower-case hex that the file must have, if known.
  public var sha256: String?
  /// Certificates to trust instead of the system's, a PEM file.
  public var certificates: String?

  public init(
    url: String, path: String, maxBytes: Int, expectedBytes: Int? = nil, sha256: String? = nil,
    certificates: String? = nil
  ) {
    self.url = url
    self.path = path
    self.maxBytes = maxBytes
    self.expectedBytes = expectedBytes
    self.sha256 = sha256
    self.certificates = certificates
  }

  private var part: String { path + ".part" }
  private var mark: String { path + ".part.etag" }

  /// Fetches the file.
  ///
  /// - Parameter progress: bytes that have arrived so far.
  /// - Returns: its SHA-256.
  /// - Throws: ``DownloadError``
  public func run(progress: (Int) -> Void = { _ in }) throws -> String {
    let isLocal = try Self.check(url)
    if let expectedBytes, expectedBytes > maxBytes {
      throw DownloadError.tooLarge(url: url, limit: maxBytes)
    }
    try withoutActuallyEscaping(progress) { progress in
      // A part that is longer than the file of now is answered by 416: then once from the start.
      if try transfer(isLocal: isLocal, progress) == 416 {
        discard()
        let code = try transfer(isLocal: isLocal, progress)
        guard code != 416 else { throw DownloadError.status(url: url, code: code) }
      }
    }
    return try finish()
  }

  /// Only HTTPS, or HTTP from this machine.
  ///
  /// - Returns: whether the address is on this machine.
  private static func check(_ url: String) throws -> Bool {
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
      throw DownloadError.address(url, reason: "it is no address")
    }
    guard parts.user == nil, parts.password == nil else {
      throw DownloadError.address(url, reason: "it holds a user name or password")
    }
    let name = host.lowercased()
    let numbers = name.split(separator: ".").compactMap { UInt8($0) }
    let isLocal =
      name == "localhost" || name == "::1" || name == "[::1]"
      || numbers.count == 4 && numbers[0] == 127
        && name.split(separator: ".", omittingEmptySubsequences: false).count == 4
    switch parts.scheme?.lowercased() {
    case "https": return isLocal
    case "http" where isLocal: return true
    case "http":
      throw DownloadError.address(url, reason: "http is not safe; use https")
    default: throw DownloadError.address(url, reason: "only https addresses are fetched")
    }
  }

  /// - Returns: the server's code: 200, 206 or 416.
  private func transfer(isLocal: Bool, _ progress: @escaping (Int) -> Void) throws -> Int {
    let state = TransferState(maxBytes: maxBytes, part: part, mark: mark, progress: progress)
    try state.open()
    defer { state.close() }
    _ = Self.initialised
    guard let curl = curl_easy_init() else {
      throw DownloadError.transfer(url: url, reason: "libcurl does not start")
    }
    defer { curl_easy_cleanup(curl) }
    let protocols = isLocal ? "https,http" : "https"
    cc_set_text(curl, CURLOPT_URL, url)
    cc_set_text(curl, CURLOPT_PROTOCOLS_STR, protocols)
    cc_set_text(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols)
    cc_set_text(curl, CURLOPT_USERAGENT, "aedit")
    cc_set_long(curl, CURLOPT_FOLLOWLOCATION, 1)
    cc_set_long(curl, CURLOPT_MAXREDIRS, 5)
    cc_set_long(curl, CURLOPT_SSL_VERIFYPEER, 1)
    cc_set_long(curl, CURLOPT_SSL_VERIFYHOST, 2)
    cc_set_long(curl, CURLOPT_NOSIGNAL, 1)
    cc_set_long(curl, CURLOPT_CONNECTTIMEOUT, 30)
    cc_set_long(curl, CURLOPT_LOW_SPEED_LIMIT, 1)
    cc_set_long(curl, CURLOPT_LOW_SPEED_TIME, 60)
    if let certificates { cc_set_text(curl, CURLOPT_CAINFO, certificates) }
    var headers: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(headers) }
    if let tag = state.tag, state.start > 0 {
      // If the version is another by now, the server sends all of it.
      headers = curl_slist_append(headers, "If-Range: \(tag)")
      cc_set_text(curl, CURLOPT_RANGE, "\(state.start)-")
      cc_set_pointer(curl, CURLOPT_HTTPHEADER, headers)
    }
    let context = Unmanaged.passUnretained(state).toOpaque()
    cc_set_data_function(curl, CURLOPT_HEADERFUNCTION) { bytes, one, count, context in
      TransferState.of(context).header(bytes, one * count)
      return one * count
    }
    cc_set_pointer(curl, CURLOPT_HEADERDATA, context)
    cc_set_data_function(curl, CURLOPT_WRITEFUNCTION) { bytes, one, count, context in
      TransferState.of(context).write(bytes, one * count) ? one * count : 0
    }
    cc_set_pointer(curl, CURLOPT_WRITEDATA, context)
    let result = withExtendedLifetime(state) { curl_easy_perform(curl) }
    let code = cc_response_code(curl)
    switch state.fault {
    case .tooLarge?:
      discard()
      throw DownloadError.tooLarge(url: url, limit: maxBytes)
    case .disk(let reason)?: throw DownloadError.disk(path: part, reason: reason)
    case nil: break
    }
    if result != CURLE_OK {
      throw DownloadError.transfer(url: url, reason: String(cString: curl_easy_strerror(result)))
    }
    guard [200, 206, 416].contains(code) else {
      throw DownloadError.status(url: url, code: code)
    }
    return code
  }

  private static let initialised: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Checks size and hash, and gives the file its name.
  private func finish() throws -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: part)
    let size = (attributes?[.size] as? Int) ?? 0
    if let expectedBytes, size != expectedBytes {
      discard()
      throw DownloadError.size(url: url, expected: expectedBytes, got: size)
    }
    let got = try Checkpoints.sha256(ofFile: part)
    if let sha256, sha256 != got {
      discard()
      throw DownloadError.hash(url: url, expected: sha256, got: got)
    }
    guard rename(part, path) == 0 else {
      throw DownloadError.disk(path: path, reason: String(cString: strerror(errno)))
    }
    unlink(mark)
    return got
  }

  private func discard() {
    unlink(part)
    unlink(mark)
  }
}

/// What the calls of libcurl share.
private final class TransferState {
  enum Fault {
    case tooLarge
    case disk(String)
  }

  let maxBytes: Int
  let part: String
  let mark: String
  let progress: (Int) -> Void
  /// Bytes that an earlier call left, and the version that they are of.
  private(set) var start = 0
  private(set) var tag: String?
  private(set) var fault: Fault?
  private var file: Int32 = -1
  private var count = 0
  private var code = 0
  private var newTag: String?
  private var hasBegun = false

  init(maxBytes: Int, part: String, mark: String, progress: @escaping (Int) -> Void) {
    self.maxBytes = maxBytes
    self.part = part
    self.mark = mark
    self.progress = progress
  }

  static func of(_ context: UnsafeMutableRawPointer?) -> TransferState {
    Unmanaged<TransferState>.fromOpaque(context!).takeUnretainedValue()
  }

  func open() throws {
    tag = FileManager.default.contents(atPath: mark).flatMap { String(data: $0, encoding: .utf8) }
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (tag == nil ? O_TRUNC : 0)
    file = Foundation.open(part, flags, 0o644)
    guard file >= 0 else {
      throw DownloadError.disk(path: part, reason: String(cString: strerror(errno)))
    }
    start = Int(lseek(file, 0, SEEK_END))
  }

  func close() {
    if file >= 0 { Foundation.close(file) }
    file = -1
  }

  func header(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) {
    guard let bytes, count < 8192 else { return }
    let raw = UnsafeRawBufferPointer(start: bytes, count: count)
    let line = String(decoding: raw, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if line.hasPrefix("HTTP/") {
      // Each answer of a chain of redirects begins so.
      code = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      newTag = nil
    } else if line.lowercased().hasPrefix("etag:") {
      let value = line.dropFirst("etag:".count).trimmingCharacters(in: .whitespaces)
      // A weak mark does not promise equal bytes.
      if value.hasPrefix("\""), value.utf8.count < 512 { newTag = value }
    } else if line.lowercased().hasPrefix("content-length:"), code == 200 || code == 206,
      let length = Int(
        line.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)),
      length > maxBytes - (code == 206 ? start : 0)
    {
      fault = .tooLarge
    }
  }

  /// - Returns: false to end the transfer.
  func write(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int) -> Bool {
    guard fault == nil else { return false }
    guard code == 200 || code == 206 else { return true }
    if !hasBegun, !begin() { return false }
    guard count + size <= maxBytes else {
      fault = .tooLarge
      return false
    }
    var done = 0
    while done < size {
      let got = Foundation.write(file, bytes! + done, size - done)
      guard got > 0 else {
        if got < 0, errno == EINTR { continue }
        fault = .disk(String(cString: strerror(errno)))
        return false
      }
      done += got
    }
    count += size
    progress(count)
    return true
  }

  private func begin() -> Bool {
    hasBegun = true
    count = code == 206 ? start : 0
    if code == 200, ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0 {
      fault = .disk(String(cString: strerror(errno)))
      return false
    }
    if let newTag {
      FileManager.default.createFile(atPath: mark, contents: Data(newTag.utf8))
    } else {
      unlink(mark)
    }
    return true
  }
}
