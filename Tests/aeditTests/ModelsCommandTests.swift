import Foundation
import TestSupport
import Testing

/// `aedit models check`, `add` and `pull`.
@Suite struct ModelsCommandTests {
  private static let fixtures = Command.root.appendingPathComponent("Tests/Fixtures")
  private static let audioLDM = fixtures.appendingPathComponent("audioldm").path

  @Test func addsAFolderWhereItLies() throws {
    let place = try Workplace()
    let added = try place.run("models", "add", Self.audioLDM, "--name", "small", "--into", "store")
    #expect(added.status == 0, "\(added)")
    #expect(added.output.contains("AudioLDMPipeline") && added.output.contains("fit the config"))
    #expect(!added.output.contains("no network of this class"), "\(added.output)")
    #expect(place.names == ["store"])
    let listed = try place.run("models", "--model", "store/small", "--json")
    #expect(listed.status == 0 && listed.output.contains(#""kind" : "AudioLDMPipeline""#))
    #expect(listed.output.contains(Self.audioLDM), "\(listed.output)")
    let again = try place.run("models", "add", Self.audioLDM, "--name", "small", "--into", "store")
    #expect(again.status == 1 && again.errors.contains("--force"), "\(again)")
    let forced = try place.run(
      "models", "add", Self.audioLDM, "--name", "small", "--into", "store", "--force")
    #expect(forced.status == 0, "\(forced)")
  }

  @Test func namesAllThatDoesNotFit() throws {
    let place = try Workplace()
    let copy = place.url.appendingPathComponent("model")
    try FileManager.default.copyItem(atPath: Self.audioLDM, toPath: copy.path)
    let config = copy.appendingPathComponent("vocoder/config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    let other = text.replacingOccurrences(
      of: #""upsample_initial_channel": 32"#, with: #""upsample_initial_channel": 64"#)
    try #require(other != text)
    try Data(other.utf8).write(to: config)
    let added = try place.run("models", "add", "model", "--into", "store")
    #expect(added.status == 1 && added.errors.contains("of another shape"), "\(added)")
    #expect(place.names == ["model"])
  }

  @Test func addsPackagesAndFiles() throws {
    let place = try Workplace()
    let file = Self.fixtures.appendingPathComponent("torch/zip.pt").path
    let added = try place.run("models", "add", file, "--into", "store", "--json")
    #expect(added.status == 0 && added.output.contains("argparse.Namespace"), "\(added)")
    let missing = try place.run("models", "add", "nothing", "--into", "store")
    #expect(missing.status == 1 && missing.errors.contains("no such file"), "\(missing)")
    guard Command.hasText else { return }
    let text = Command.root.appendingPathComponent("Models/text").path
    let package = try place.run("models", "add", text, "--into", "store")
    #expect(package.status == 0, "\(package)")
    let listed = try place.run("models", "--model", "store/text")
    #expect(listed.status == 0 && listed.output.contains("(text "), "\(listed)")
  }

  /// The files of the fixture behind a hub's addresses.
  private func hub() throws -> FileServer {
    var answers: [String: FileServer.Answer] = [:]
    var entries: [String] = []
    for case let name as String in FileManager.default.enumerator(atPath: Self.audioLDM)! {
      guard let data = FileManager.default.contents(atPath: Self.audioLDM + "/" + name) else {
        continue
      }
      entries.append(#"{"type":"file","path":"\#(name)","size":\#(data.count)}"#)
      answers["/some/model/resolve/main/\(name)"] = .init(body: [UInt8](data))
    }
    let list = "[" + entries.joined(separator: ",") + "]"
    answers["/api/models/some/model/tree/main?recursive=true"] = .init(body: Array(list.utf8))
    return try FileServer(answers)
  }

  @Test func pullsFromAHubAndGoesOn() throws {
    let (place, server) = (try Workplace(), try hub())
    defer { server.stop() }
    let path = "/some/model/resolve/main/unet/diffusion_pytorch_model.safetensors"
    let weights = try [UInt8](
      Data(
        contentsOf: URL(
          fileURLWithPath: Self.audioLDM + "/unet/diffusion_pytorch_model.safetensors")))
    server.set(path, .init(body: weights, breaksAfter: 100_000))
    let arguments = ["models", "pull", "some/model", "--hub", server.url, "--into", "store"]
    let broken = try Command(arguments, in: place.url)
    #expect(broken.status == 1 && broken.errors.contains("call it again"), "\(broken)")
    let pulled = try Command(arguments, in: place.url)
    #expect(pulled.status == 0 && pulled.output.contains("installed as model"), "\(pulled)")
    #expect(server.requests.filter { $0.path == path }.map(\.range) == [nil, 100_000])
    let listed = try place.run("models", "--model", "store/model")
    #expect(listed.status == 0 && listed.output.contains("all files as they should be"))
    let small = try Command(arguments + ["--name", "b", "--max-size", "0"], in: place.url)
    #expect(small.status == 2, "\(small)")
  }

  @Test func pullsOneFileWithItsHash() throws {
    let place = try Workplace()
    let bytes = try [UInt8](
      Data(contentsOf: Self.fixtures.appendingPathComponent("torch/zip.pt")))
    let server = try FileServer(["/net.pt": .init(body: bytes)])
    defer { server.stop() }
    let wrong = try place.run(
      "models", "pull", server.url + "/net.pt", "--into", "store", "--sha256",
      String(repeating: "a", count: 64))
    #expect(wrong.status == 1 && wrong.errors.contains("sha256"), "\(wrong)")
    let right = try place.run("models", "pull", server.url + "/net.pt", "--into", "store")
    #expect(right.status == 0 && right.output.contains("installed as net"), "\(right)")
    let unsafe = try place.run("models", "pull", "http://example.com/other.pt", "--into", "store")
    #expect(unsafe.status == 1 && unsafe.errors.contains("https"), "\(unsafe)")
  }
}
