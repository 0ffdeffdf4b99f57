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
      let planned = try reader.plan(item.text).steps
      if item.operation == "remix", item.target == "none" {  // the style says who plays
        return planned.map(\.operation) == [.remix]
      }
      let steps = planned.map { "\($0.operation) \(Self.label($0.target, voice: "speech"))" }
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

  /// The text model's label for a part that is cleaned out of recordings.
  private static func label(_ part: String, voice: String) -> String {
    switch part {
    case "hum", "hiss", "wind", "clicks": "noise"
    case "voice": voice
    case "highs", "gap": "none"
    case _ where SoundEvents.names.contains(part): "other"
    default: part
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

  /// Podcasters' requests, with slips of the keyboard.
  @Test(arguments: [
    ("remove the background noise", ["remove noise"]),
    ("remvoe the backgroud noise", ["remove noise"]),
    ("get rid of the background noise", ["remove noise"]),
    ("denoise this", ["remove noise"]), ("reduce the noise", ["remove noise"]),
    ("can you remove the static", ["remove noise"]),
    ("clean up the audio", ["remove noise"]), ("please clean up my recording", ["remove noise"]),
    ("remove the noise from the voice", ["remove noise"]),
    ("remove the noise from 0:10 to 0:20", ["remove noise"]),
    ("remove the hum", ["remove hum"]), ("remove the mains hum", ["remove hum"]),
    ("take out the buzz", ["remove hum"]), ("get rid of that annoying hum", ["remove hum"]),
    ("kill the buzzing noise", ["remove hum"]),
    ("remove the hiss", ["remove hiss"]), ("remove the tape hiss", ["remove hiss"]),
    ("eliminate the hissing sound", ["remove hiss"]),
    ("remove the wind", ["remove wind"]), ("remove the wind noise", ["remove wind"]),
    ("filter out the wind", ["remove wind"]),
    ("remove the clicks", ["remove clicks"]), ("remove the clicks and pops", ["remove clicks"]),
    ("remove the vinyl crackle", ["remove clicks"]),
    ("remove the hum and the hiss", ["remove hum", "remove hiss"]),
    ("remove the noise and the reverb", ["remove noise", "remove reverb"]),
    ("remove the music", ["remove music"]), ("remove the background music", ["remove music"]),
    ("remove the music under the voice", ["remove music"]),
    ("take the music out from under the speech", ["remove music"]),
    ("isolate the voice", ["extract voice"]), ("isolate the speech", ["extract voice"]),
    ("keep only the voice", ["extract voice"]), ("just the narrator", ["extract voice"]),
    ("remove everything but the voice", ["extract voice"]),
    ("separate the voice from the music", ["extract voice"]),
    ("remove the reverb", ["remove reverb"]), ("remove the echo", ["remove reverb"]),
    ("dereverb", ["remove reverb"]), ("make the voice dry", ["remove reverb"]),
    ("remove the singer's voice", ["remove vocals"]), ("remove the vocals", ["remove vocals"]),
  ])
  func understandsCleaning(text: String, wanted: [String]) throws {
    let steps = try reader().plan(text).steps.map {
      "\($0.operation) \(([$0.target] + $0.also).joined(separator: "+"))"
    }
    #expect(steps == wanted)
  }

  /// Sound editors' requests, among them AUDIT's wordings (2304.00830, table 1).
  @Test(arguments: [
    ("add birds", ["add birds"]), ("add the sound of rain", ["add rain"]),
    ("add a dog barking in the background", ["add dog (soft)"]),
    ("add a church bell", ["add bell"]),
    ("add a loud explosion at the beginning", ["add explosion (loud) 0-5"]),
    ("add some applause at the end", ["add applause -5-"]),
    ("add rain and thunder", ["add rain", "add thunder"]), ("add wind", ["add wind"]),
    ("drop the dog", ["remove dog"]), ("drop the sound of thunder", ["remove thunder"]),
    ("get rid of the birds", ["remove birds"]), ("remove the traffic noise", ["remove engine"]),
    ("remove the car alarm", ["remove alarm"]), ("take out the sirens", ["remove siren"]),
    (
      "remove the dog, the siren and the typing",
      ["remove dog", "remove siren", "remove typing"]
    ),
    ("remove the drums and the dog", ["remove drums", "remove dog"]),
    ("only the footsteps", ["extract steps"]),
    ("keep only the birds and the rain", ["extract birds+rain"]),
    ("replace the siren with a bell", ["remove siren", "add bell"]),
    ("remix with drums, guitar and bass", ["remix drums+guitar+bass"]),
    ("remix with a choir and percussion", ["remix choir+percussion"]),
    ("turn this into a reggae song", ["remix drums+bass+electric guitar+organ (reggae)"]),
    ("keep the vocals and change the band to folk", ["remix acoustic guitar+bass+woodwind (folk)"]),
    ("add water", ["add water"]), ("add a phone", ["add phone"]), ("add glass", ["add glass"]),
    ("add quiet steps", ["add steps (soft)"]), ("drop the insects", ["remove insects"]),
    ("drop the running water", ["remove water"]), ("drop the glass", ["remove glass"]),
    ("drop the phone and the gun", ["remove phone", "remove gun"]),
    ("drop the door", ["remove door"]), ("drop the hammer", ["remove hammer"]),
    ("Replace the sound of wind with rain", ["remove wind", "add rain"]),
    ("replace the dog with a piano", ["remove dog", "add piano"]),
    ("inpaint from 0:12 to 0:12.8", ["inpaint gap 12-12.8"]),
    ("repair the dropout between 3 s and 3.5 s", ["inpaint gap 3-3.5"]),
    ("restore the highs and remove the hiss", ["superResolve highs", "remove hiss"]),
  ])
  func understandsSounds(text: String, wanted: [String]) throws {
    func place(_ region: TimeRegion?) -> String {
      switch (region?.start, region?.end) {
      case (.fromStart(let start)?, .fromStart(let end)?):
        " \(start)-\(end)".replacing(".0", with: "")
      case (.fromEnd(let start)?, .fromEnd?): " -\(start)-".replacing(".0", with: "")
      default: ""
      }
    }
    let steps = try reader().plan(text).steps.map { step in
      let attributes = step.attributes.isEmpty ? "" : " (\(step.attributes.joined(separator: ",")))"
      return "\(step.operation) \(([step.target] + step.also).joined(separator: "+"))\(attributes)"
        + place(step.region)
    }
    #expect(steps == wanted)
  }

  @Test(arguments: ["add some noise", "add reverb to the piano", "make the hum louder"])
  func refusesToAddWhatIsOnlyCleaned(text: String) throws {
    let reader = try reader()
    #expect(throws: InstructionError.self) { try reader.plan(text) }
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
        steps.map { "\($0.operation) \(Self.label($0.target, voice: "vocals"))" } == phrase.steps,
        "\(phrase.text)")
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
