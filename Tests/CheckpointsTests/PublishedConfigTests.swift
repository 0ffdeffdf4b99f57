import Checkpoints
import Foundation
import Testing

@Suite struct PublishedConfigTests {
  func file(_ text: String, _ ending: String) throws -> String {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("config-\(UUID().uuidString).\(ending)")
    try Data(text.utf8).write(to: url)
    return url.path
  }

  @Test func fieldsAreChecked() throws {
    let path = try file(
      #"{"a": 3, "list": [1, 2], "none": null, "x": 0.5, "on": true, "part": {"b": "t"}}"#, "json")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let config = try PublishedConfig(path: path)
    #expect(try config.size("a") == 3)
    #expect(try config.sizes("a", count: 3) == [3, 3, 3])
    #expect(try config.sizes("list") == [1, 2])
    #expect(try config.size("none", default: 7) == 7)
    #expect(try config.number("x") == 0.5 && config.number("a") == 3)
    #expect(try config.flag("on") && config.section("part").text("b") == "t")
    for wrong: () throws -> Void in [
      { _ = try config.size("none") }, { _ = try config.size("a", in: 4...9) },
      { _ = try config.size("x") }, { _ = try config.sizes("list", count: 3) },
      { _ = try config.text("a") }, { _ = try config.section("list") },
      { try config.expect("a", .integer(4)) },
    ] {
      #expect(throws: CheckpointError.self) { try wrong() }
    }
  }

  @Test func plainYAMLIsRead() throws {
    let path = try file(
      """
      # a comment
      head:
        class_path: "a.b"  # another
        sizes:
          n: 12
          x: 1.5
      flag: true

      """, "yaml")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let config = try PublishedConfig(yaml: path)
    let head = try config.section("head")
    #expect(try head.text("class_path") == "a.b" && config.flag("flag"))
    #expect(try head.section("sizes").size("n") == 12)
    #expect(try head.section("sizes").number("x") == 1.5)
  }

  @Test(arguments: ["- a", "a: 1\na: 2", "a:\n    b: 1\n  c: 2", "a", "key:value"])
  func otherYAMLIsRefused(_ text: String) throws {
    let path = try file(text, "yaml")
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: CheckpointError.self) { try PublishedConfig(yaml: path) }
  }
}
