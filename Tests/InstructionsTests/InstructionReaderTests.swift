import Checkpoints
import Foundation
import Instructions
import Tensors
import TestSupport
import Testing

private let root = Fixtures.url("../..").standardizedFileURL.path

private func hasTextModel() -> Bool {
  FileManager.default.fileExists(atPath: root + "/Models/text/model.json")
}

private func reader() throws -> InstructionReader {
  try InstructionReader(package: ModelPackage(folder: root + "/Models/text"))
}

private struct Item: Decodable {
  var text: String
  var operation: String
  var target: String
  var second: String?
}

private func loaded<Line: Decodable>(_ name: String, _: Line.Type = Item.self) throws -> [Line] {
  let path = root + "/Models/training/text/eval/\(name).jsonl"
  return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
}

/// The trained text model of `Models/text`, where it is installed, on sentences that its training
/// never saw.
@Suite(.enabled(if: hasTextModel())) struct InstructionReaderTests {
  /// What the package that is installed reaches; raised with each better one. The goal is 285.
  static let rightFloor = 250

  /// Whether the program does what an item asks for: exactly its steps, or, for what is recognised
  /// but not possible, a refusal that recognised it.
  private func isRight(_ item: Item, _ reader: InstructionReader) -> Bool {
    do {
      let steps = try reader.plan(item.text).steps.map { "\($0.operation) \($0.target)" }
      return item.operation == "replace"
        ? steps == ["remove \(item.target)", "add \(item.second ?? "none")"]
        : steps == ["\(item.operation) \(item.target)"]
    } catch InstructionError.notSupported(let part, _, _) {
      let reading = try? reader.read(part)
      return reading?.operation?.rawValue == item.operation
        && (reading?.target ?? "none") == item.target
    } catch {
      return false
    }
  }

  @Test func understandsParaphrases() throws {
    let reader = try reader()
    let items = try loaded("validation")
    try #require(items.count == 300)
    let tuning = try loaded("dev").filter { $0.operation != "none" }
    print("of the tuning set: \(tuning.count { isRight($0, reader) }) of \(tuning.count)")
    let right = items.count { isRight($0, reader) }
    print("paraphrases right: \(right) of \(items.count)")
    #expect(right >= Self.rightFloor)
    withKnownIssue("the text model needs more training", isIntermittent: true) {
      #expect(right >= 285)
    }
  }

  @Test func refusesWhatIsNoRequest() throws {
    let reader = try reader()
    let items = try loaded("refusals")
    try #require(items.count == 200)
    let refused = items.count { (try? reader.plan($0.text)) == nil }
    print("refused: \(refused) of \(items.count)")
    #expect(refused >= 190)
  }

  private struct Everyday: Decodable {
    var text: String
    var steps: [String]
  }

  /// What people say most, and what they say beside it: all must be right.
  @Test func understandsEverydayPhrases() throws {
    let reader = try reader()
    let phrases = try loaded("everyday", Everyday.self)
    try #require(phrases.count > 200)
    for phrase in phrases {
      let steps = (try? reader.plan(phrase.text).steps) ?? []
      #expect(
        steps.map { "\($0.operation) \($0.target)" } == phrase.steps, "\(phrase.text)")
      #expect(steps.allSatisfy { $0.confidence > 0.3 && $0.confidence <= 1 })
    }
  }

  private struct Expected: Decodable {
    var text: String
    var operation: [Float], target: [Float], second: [Float], attributes: [Float]
  }

  /// Vocabulary, encoder and heads against PyTorch (Tests/Fixtures/make_reader.py).
  @Test func equalsPyTorch() throws {
    let exact = try Precision.$current.withValue(.fp32) { try reader() }
    let file = try Data(contentsOf: Fixtures.url("reader/logits.json"))
    for expected in try JSONDecoder().decode([Expected].self, from: file) {
      let found = try exact.logits(expected.text)
      for (name, ours, theirs) in [
        ("operation", found.operation, expected.operation),
        ("target", found.target, expected.target), ("second", found.second, expected.second),
        ("attributes", found.attributes, expected.attributes),
      ] {
        try expectClose(ours, theirs, .model, "\(name) of \(expected.text)")
      }
    }
  }

  @Test func refusesAPartThatIsNotPossible() throws {
    let reader = try reader()
    let error = try #require(throws: InstructionError.self) {
      try reader.plan("remove the drums and add a piano, then make the bass louder")
    }
    #expect("\(error)".contains("make the bass louder"))
  }

  @Test func givesStatesOfBoundedLength() throws {
    let reader = try reader()
    #expect(try reader.states("add a guitar").rank == 2)
    let long = try reader.states(String(repeating: "a very soft ", count: 80) + "guitar")
    #expect(long.shape[0] == InstructionReader.maxTokens)
  }
}
