import Checkpoints
import Downloads
import Foundation
import TestSupport
import Testing

private let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

@Suite struct DownloadTests {
  private func serve(_ answer: FileServer.Answer) throws -> FileServer {
    try FileServer(["/file.bin": answer])
  }

  private func download(_ server: FileServer, _ scratch: Scratch, max: Int = 1 << 20) -> Download {
    Download(url: server.url + "/file.bin", path: scratch.path + "/file.bin", maxBytes: max)
  }

  @Test func fetchesAndLeavesNothingElse() throws {
    let (server, scratch) = (try serve(.init(body: content)), try Scratch())
    defer { server.stop() }
    var last = 0
    let hash = try download(server, scratch).run { last = $0 }
    #expect(scratch.names == ["file.bin"] && scratch.bytes("file.bin") == content)
    #expect(last == content.count)
    #expect(hash == (try sha256(ofFile: scratch.path + "/file.bin")))
  }

  @Test func goesOnWhereItWasCutOff() throws {
    let (server, scratch) = (
      try serve(.init(body: content, breaksAfter: 60_000)), try Scratch()
    )
    defer { server.stop() }
    #expect(throws: DownloadError.self) { try download(server, scratch).run() }
    #expect(scratch.names == ["file.bin.part", "file.bin.part.etag"])
    #expect(scratch.bytes("file.bin.part") == Array(content[..<60_000]))
    _ = try download(server, scratch).run()
    #expect(scratch.bytes("file.bin") == content && scratch.names == ["file.bin"])
    #expect(server.requests.map(\.range) == [nil, 60_000])
  }

  @Test func beginsAnewWhenTheFileChanged() throws {
    let (server, scratch) = (
      try serve(.init(body: content, breaksAfter: 5000)), try Scratch()
    )
    defer { server.stop() }
    #expect(throws: DownloadError.self) { try download(server, scratch).run() }
    let other = Array(content.reversed())
    server.set("/file.bin", .init(body: other, tag: "\"2\""))
    _ = try download(server, scratch).run()
    #expect(scratch.bytes("file.bin") == other)
  }

  @Test(arguments: [true, false])
  func beginsAnewWithoutRangesOrMark(hasMark: Bool) throws {
    let tag = hasMark ? "\"1\"" : nil
    let (server, scratch) = (
      try serve(.init(body: content, tag: tag, takesRanges: false, breaksAfter: 5000)),
      try Scratch()
    )
    defer { server.stop() }
    #expect(throws: DownloadError.self) { try download(server, scratch).run() }
    _ = try download(server, scratch).run()
    #expect(scratch.bytes("file.bin") == content)
    #expect(server.requests.map(\.range) == [nil, hasMark ? 5000 : nil])
  }

  @Test func beginsAnewWhenThePartIsTooLong() throws {
    let (server, scratch) = (try serve(.init(body: Array(content[..<100]))), try Scratch())
    defer { server.stop() }
    try Data(content).write(to: URL(fileURLWithPath: scratch.path + "/file.bin.part"))
    try Data("\"1\"".utf8).write(to: URL(fileURLWithPath: scratch.path + "/file.bin.part.etag"))
    _ = try download(server, scratch).run()
    #expect(scratch.bytes("file.bin") == Array(content[..<100]))
  }

  @Test(arguments: [true, false])
  func endsWhatIsTooLarge(announced: Bool) throws {
    let (server, scratch) = (
      try serve(.init(body: content, announcesLength: announced)), try Scratch()
    )
    defer { server.stop() }
    let error = try #require(throws: DownloadError.self) {
      try download(server, scratch, max: 50_000).run()
    }
    #expect("\(error)".contains("larger than the limit of 50000") && scratch.names.isEmpty)
  }

  @Test func refusesAnotherSizeOrHash() throws {
    let (server, scratch) = (try serve(.init(body: content)), try Scratch())
    defer { server.stop() }
    var wrong = download(server, scratch)
    wrong.sha256 = String(repeating: "0", count: 64)
    #expect(throws: DownloadError.self) { try wrong.run() }
    #expect(scratch.names.isEmpty)
    var short = download(server, scratch)
    short.expectedBytes = 99_999
    #expect(
      throws: DownloadError.size(url: short.url, expected: 99_999, got: 100_000)
    ) { try short.run() }
    #expect(scratch.names.isEmpty)
  }

  @Test func followsRedirectsButNotToOtherProtocols() throws {
    let scratch = try Scratch()
    let server = try FileServer([
      "/file.bin": .init(body: [], redirect: "/moved.bin"), "/moved.bin": .init(body: content),
    ])
    defer { server.stop() }
    _ = try download(server, scratch).run()
    #expect(scratch.bytes("file.bin") == content)
    server.set("/file.bin", .init(body: [], redirect: "file:///etc/passwd"))
    #expect(throws: DownloadError.self) { try download(server, scratch).run() }
    server.set("/file.bin", .init(body: [], redirect: "/file.bin"))
    #expect(throws: DownloadError.self) { try download(server, scratch).run() }
  }

  @Test(arguments: [
    "http://example.com/x.bin", "http://127.0.0.1.example.com/x.bin", "http://127.example/x.bin",
    "ftp://127.0.0.1/x.bin", "file:///etc/passwd", "https://", "x.bin", "",
    "http://user:word@127.0.0.1/x.bin",
  ])
  func refusesUnsafeAddresses(url: String) throws {
    let scratch = try Scratch()
    let error = try #require(throws: DownloadError.self) {
      try Download(url: url, path: scratch.path + "/x", maxBytes: 10).run()
    }
    guard case .address = error else {
      Issue.record("\(error)")
      return
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func saysWhatTheServerSaid() throws {
    let (server, scratch) = (try FileServer([:]), try Scratch())
    defer { server.stop() }
    let download = download(server, scratch)
    #expect(throws: DownloadError.status(url: download.url, code: 404)) { try download.run() }
  }

  /// A server whose certificate nobody vouches for, and one whose maker is trusted.
  @Test func checksCertificates() throws {
    let scratch = try Scratch()
    try Data(content).write(to: URL(fileURLWithPath: scratch.path + "/file.txt"))
    try openssl(
      scratch,
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost")
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    server.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    let out = Pipe()
    // After the three connections below it ends by itself, should the test be ended.
    server.arguments = [
      "s_server", "-accept", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem", "-WWW",
      "-naccept", "3",
    ]
    server.standardOutput = out
    server.standardError = FileHandle.nullDevice
    server.standardInput = Pipe()
    try server.run()
    defer {
      // It inherits the blocked signals of a test's thread: no other one would reach it.
      kill(server.processIdentifier, SIGKILL)
      server.waitUntilExit()
    }
    // "ACCEPT 127.0.0.1:PORT"
    var said = ""
    while !said.contains("\n") || !said.contains("ACCEPT") {
      let data = out.fileHandleForReading.availableData
      try #require(!data.isEmpty)
      said += String(decoding: data, as: UTF8.self)
    }
    let line = try #require(said.split(separator: "\n").first { $0.contains("ACCEPT") })
    let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
    func fetch(_ host: String, trusted: Bool) throws {
      let path = scratch.path + "/got"
      _ = try Download(
        url: "https://\(host):\(port)/file.txt", path: path, maxBytes: 1 << 20,
        certificates: trusted ? scratch.path + "/cert.pem" : nil
      ).run()
    }
    let unknown = try #require(throws: DownloadError.self) {
      try fetch("localhost", trusted: false)
    }
    #expect("\(unknown)".lowercased().contains("certificate"), "\(unknown)")
    // The certificate is of another name.
    #expect(throws: DownloadError.self) { try fetch("127.0.0.1", trusted: true) }
    try fetch("localhost", trusted: true)
    #expect(scratch.bytes("got") == content)
  }

  private func openssl(_ scratch: Scratch, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}

@Suite struct HubModelTests {
  private func list(_ files: [(String, Int)]) -> FileServer.Answer {
    let entries = files.map {
      #"{"type":"file","path":"\#($0.0)","size":\#($0.1),"oid":"x"}"#
    }
    return .init(body: Array(("[" + entries.joined(separator: ",") + "]").utf8))
  }

  @Test func choosesWhatInstallingNeeds() throws {
    let scratch = try Scratch()
    let server = try FileServer([
      "/api/models/a/b/tree/main?recursive=true": list([
        ("model_index.json", 1), ("unet/diffusion_pytorch_model.bin", 2),
        ("unet/diffusion_pytorch_model.safetensors", 2), ("vae/diffusion_pytorch_model.bin", 3),
        ("unet/config.json", 4), ("flax_model.msgpack", 5), ("README.md", 6), ("x.py", 7),
        ("text_encoder/model-00001-of-00002.safetensors", 8), ("text_encoder/run.bin", 9),
        ("text_encoder/model.safetensors.index.json", 1),
      ])
    ])
    defer { server.stop() }
    let model = try HubModel("a/b", hub: server.url + "/")
    #expect(
      try model.files(using: scratch.path).map(\.path) == [
        "model_index.json", "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.bin", "unet/config.json", "README.md",
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
      ])
    #expect(scratch.names.isEmpty && model.packageName == "b")
    server.set(
      "/api/models/a/b/tree/main?recursive=true", list([("../../config.json", 1)]))
    #expect(throws: DownloadError.self) { try model.files(using: scratch.path) }
  }

  @Test(arguments: ["", "a", "a/b/c", "../b", "a/..", "a b/c", "a/b?x", "ä/b"])
  func refusesWhatIsNoName(name: String) {
    #expect(throws: DownloadError.self) { try HubModel(name) }
  }

  @Test func knowsShortNames() throws {
    #expect(try HubModel("flan-t5-base").id == "google/flan-t5-base")
  }
}
