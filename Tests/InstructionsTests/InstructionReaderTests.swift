import Checkpoints
import Foundation
import Instructions
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

private func loaded(_ name: String) throws -> [Item] {
  let path = root + "/Models/training/text/eval/\(name).jsonl"
  return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    .map { try JSONDecoder().decode(Item.self, from: Data($0.utf8)) }
}

/// The trained text model of `Models/text`, where it is installed, on sentences that its training
/// never saw.
@Suite(.enabled(if: hasTextModel())) struct InstructionReaderTests {
  /// What the package that is installed reaches; raised with each better one. The goal is 285.
  static let rightFloor = 165

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
    for name in ["dev", "dev_hard"] {
      let tuning = try loaded(name).filter { $0.operation != "none" }
      print("of the tuning set \(name): \(tuning.count { isRight($0, reader) }) of \(tuning.count)")
    }
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

  /// Everyday phrasings, each with its only step; all must be right.
  static let everyday = [
    "add guitar": ["add a guitar", "add guitar", "i want a guitar", "Add a guitar!"],
    "add drums": ["add drums", "add some drums", "add drums in the last ten seconds"],
    "add acoustic guitar": ["put some acoustic guitar under it"],
    "add piano": ["add a soft piano", "add a jazz piano", "play a piano along"],
    "add woodwind": ["add a saxophone"], "add strings": ["add strings"],
    "add synth pad": ["add a synth pad"], "add choir": ["add a choir"],
    "add brass": ["add some brass"], "add bass": ["can you add a bass line"],
    "add organ": ["add an organ in the background"],
    "remove drums": [
      "drop the drums", "remove the drums", "remove drums", "make it without drums",
      "no drums please", "remove teh drums", "in the first ten seconds, remove the drums",
    ],
    "remove bass": ["get rid of the bass", "mute the bass", "all but the bass"],
    "remove strings": ["I want it without the strings"],
    "remove vocals": ["remove the vocals", "karaoke version"],
    "remove guitar": ["take out the guitar", "please remove the guitar"],
    "remove piano": ["delete the piano"],
    "extract piano": ["only the piano", "solo the piano", "only the piano from 0:30 to 1:00"],
    "extract drums": ["isolate drums"],
    "extract bass": ["just the bass", "give me the bass alone", "isolte the bass"],
    "extract strings": ["keep only the strings"], "extract guitar": ["extract the guitar"],
  ]

  @Test func understandsEverydayPhrases() throws {
    let reader = try reader()
    for (wanted, phrases) in Self.everyday {
      for phrase in phrases {
        let steps = (try? reader.plan(phrase).steps) ?? []
        #expect(steps.map { "\($0.operation) \($0.target)" } == [wanted], "\(phrase)")
      }
    }
  }

  @Test(arguments: [
    ("Remove the drums and add a piano", ["remove drums", "add piano"]),
    ("replace the piano with a guitar", ["remove piano", "add guitar"]),
    ("replace the piano by strings", ["remove piano", "add strings"]),
    ("remove the drums and the bass", ["remove drums", "remove bass"]),
    ("remove the drums, the bass and the piano", ["remove drums", "remove bass", "remove piano"]),
    (
      "drop teh drums from 0:10 to 0:20, then put some acoustic guitar under it",
      ["remove drums", "add acoustic guitar"]
    ),
  ])
  func plansRequests(text: String, wanted: [String]) throws {
    let steps = try reader().plan(text).steps
    #expect(steps.map { "\($0.operation) \($0.target)" } == wanted)
    #expect(steps.allSatisfy { $0.confidence > 0.3 && $0.confidence <= 1 })
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
