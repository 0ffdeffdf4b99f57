import Checkpoints
import Foundation
import Testing

private struct EncoderConfig: Decodable, Equatable {
  var layers: Int
  var name: String
}

@Suite struct ModelPackageTests {
  // sha256 of the empty text and of "abc" (FIPS 180-4 examples).
  static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  static let abcHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  static func manifest(
    format: String = "1", components: String = #"{"words": "words.txt"}"#, hash: String = abcHash,
    file: String = "words.txt"
  ) -> String {
    #"{"format": \#(format), "kind": "text", "version": "2", "licence": "CC0-1.0", "#
      + #""mel": {"bands": 128}, "components": \#(components), "#
      + #""config": {"encoder": {"layers": 4, "name": "café"}}, "#
      + #""sha256": {"\#(file)": "\#(hash)"}}"#
  }

  @Test func readsAndVerifies() throws {
    let folder = try ScratchFolder()
    _ = try folder.write(Self.manifest(), as: "model.json")
    let words = try folder.write("abc", as: "words.txt")
    let package = try ModelPackage(folder: folder.path)
    #expect(package.kind == "text" && package.version == "2" && package.licence == "CC0-1.0")
    #expect(try package.path(of: "words") == words)
    #expect(package.section("mel", "bands") == .integer(128))
    #expect(
      try package.decode(EncoderConfig.self, from: "config", "encoder")
        == EncoderConfig(layers: 4, name: "café"))
    try package.verify()
    _ = try folder.write("abd", as: "words.txt")
    let error = try #require(throws: CheckpointError.self) { try package.verify() }
    guard case .hash(words, Self.abcHash, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(throws: CheckpointError.self) { try package.path(of: "encoder") }
    let missing = try #require(throws: CheckpointError.self) {
      try package.decode(EncoderConfig.self, from: "mel")
    }
    #expect("\(missing)".contains("layers"))
  }

  @Test(arguments: [
    ("", "unexpected end"),
    ("[1]", "no 'format'"),
    (manifest(format: "2"), "format 2"),
    (manifest(hash: "00"), "64 lower-case hex digits"),
    (manifest(file: "../words.txt"), "no file name"),
    (manifest(file: "other.txt"), "missing"),
    (manifest(components: #"{"words": "model.json"}"#), "no sha256"),
    (manifest(components: #"{"words": 1}"#), "something but texts"),
    (#"{"format": 1}"#, "no text 'kind'"),
    (#"{"format": 1, "format": 1}"#, "stands twice"),
  ])
  func refusesDamagedManifests(text: String, words: String) throws {
    try refuses(text, words)
  }

  @Test func refusesDeepManifests() throws {
    try refuses(String(repeating: "[", count: 1_000_000), "nested")
  }

  private func refuses(_ text: String, _ words: String) throws {
    let folder = try ScratchFolder()
    _ = try folder.write(text, as: "model.json")
    _ = try folder.write("abc", as: "words.txt")
    let error = try #require(throws: CheckpointError.self) {
      try ModelPackage(folder: folder.path)
    }
    #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
  }

  @Test func findsPackagesInOrder() throws {
    let folder = try ScratchFolder()
    func install(_ place: String, version: String) throws {
      let path = folder.path + "/" + place
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let text = Self.manifest(hash: Self.emptyHash)
        .replacingOccurrences(of: #""2""#, with: #""\#(version)""#)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/model.json"))
      try Data().write(to: URL(fileURLWithPath: path + "/words.txt"))
    }
    try install("own/text", version: "own")
    try install("environment/text", version: "environment")
    try install("tree/Models/text", version: "tree")
    let base = folder.path
    let deep = base + "/tree/a/b"
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
    func version(_ model: String?, _ environment: [String: String]) throws -> String {
      try ModelStore(
        model: model, environment: environment, currentFolder: deep, executable: deep + "/aedit"
      ).package(kind: "text").version
    }
    let environment = ["AEDIT_MODELS": "/nowhere:\(base)/environment"]
    #expect(try version(base + "/own/text", environment) == "own")
    #expect(try version(base + "/own", environment) == "own")
    #expect(try version(nil, environment) == "environment")
    #expect(try version(nil, [:]) == "tree")
    #expect(throws: CheckpointError.self) { try version(base + "/tree/a", [:]) }
    let store = try ModelStore(environment: [:], currentFolder: deep, executable: nil)
    let error = try #require(throws: CheckpointError.self) { try store.package(kind: "video") }
    #expect("\(error)".contains("--model DIR"))
    #expect(store.packages.count == 1 && store.broken.isEmpty)
  }
}
