import Foundation
import Synchronization

/// A small HTTP server on loopback that can misbehave in the ways that downloads must survive.
public final class FileServer: Sendable {
  public struct Answer: Sendable {
    var body: [UInt8]
    var tag: String?
    var takesRanges: Bool
    /// Bytes after which the connection is dropped, once.
    var breaksAfter: Int?
    var announcesLength: Bool
    var redirect: String?

    public init(
      body: [UInt8], tag: String? = "\"1\"", takesRanges: Bool = true, breaksAfter: Int? = nil,
      announcesLength: Bool = true, redirect: String? = nil
    ) {
      self.body = body
      self.tag = tag
      self.takesRanges = takesRanges
      self.breaksAfter = breaksAfter
      self.announcesLength = announcesLength
      self.redirect = redirect
    }
  }

  public struct Request: Sendable {
    public let path: String
    public let range: Int?
    public let ifRange: String?
  }

  public let port: UInt16
  private let socket: Int32
  private let answers: Mutex<[String: Answer]>
  private let seen = Mutex<[Request]>([])

  public var url: String { "http://127.0.0.1:\(port)" }
  public var requests: [Request] { seen.withLock { $0 } }

  public init(_ answers: [String: Answer]) throws {
    self.answers = Mutex(answers)
    let listener = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    socket = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in serve() }
  }

  public func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

  public func set(_ path: String, _ answer: Answer) { answers.withLock { $0[path] = answer } }

  private func serve() {
    signal(SIGPIPE, SIG_IGN)
    while true {
      let client = accept(socket, nil, nil)
      guard client >= 0 else { break }
      handle(client)
      close(client)
    }
    close(socket)
  }

  private func handle(_ client: Int32) {
    var head: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
      let got = read(client, &buffer, buffer.count)
      guard got > 0 else { return }
      head += buffer[..<got]
    }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
    func header(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
    let range = header("range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
    let request = Request(path: path, range: range, ifRange: header("if-range"))
    seen.withLock { $0.append(request) }
    send(client, respond(request))
  }

  private func respond(_ request: Request) -> [UInt8] {
    guard var answer = answers.withLock({ $0[request.path] }) else {
      return Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
    }
    if let redirect = answer.redirect {
      let head = "HTTP/1.1 302 Found\r\nLocation: \(redirect)\r\nContent-Length: 0\r\n\r\n"
      return Array(head.utf8)
    }
    let usesRange =
      answer.takesRanges && request.range != nil && request.ifRange == answer.tag
    let start = usesRange ? request.range ?? 0 : 0
    if start > 0, start >= answer.body.count {
      return Array("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n".utf8)
    }
    var body = Array(answer.body[start...])
    var head = usesRange ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n"
    if answer.announcesLength { head += "Content-Length: \(body.count)\r\n" }
    if let tag = answer.tag { head += "ETag: \(tag)\r\n" }
    if usesRange {
      head += "Content-Range: bytes \(start)-\(answer.body.count - 1)/\(answer.body.count)\r\n"
    }
    if let limit = answer.breaksAfter {
      body = Array(body.prefix(limit))
      answer.breaksAfter = nil
      set(request.path, answer)
    }
    return Array((head + "Connection: close\r\n\r\n").utf8) + body
  }

  private func send(_ client: Int32, _ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeBytes { write(client, $0.baseAddress! + done, bytes.count - done) }
      guard got > 0 else { return }
      done += got
    }
  }
}
