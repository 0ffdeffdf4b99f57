import Foundation
import Instructions
import Testing

/// Stands for the text model: knows a few verbs and parts, and is sure of what it knows.
private func fakeReading(_ text: String) -> Reading {
  let words = text.lowercased().split { !$0.isLetter }.map(String.init)
  let verbs: [String: RequestedOperation] = [
    "add": .add, "put": .add, "remove": .remove, "drop": .remove, "mute": .remove, "lose": .remove,
    "only": .extract, "keep": .extract, "isolate": .extract, "replace": .replace, "remix": .remix,
  ]
  let parts = [
    "drums", "bass", "piano", "guitar", "strings", "noise", "vocals", "choir", "percussion",
  ]
  let operation = words.lazy.compactMap { verbs[$0] }.first
  let named = words.filter { parts.contains($0) }
  let isUnderstood = operation != nil && (!named.isEmpty || operation == .remix)
  return Reading(
    operation: operation, target: named.first, second: named.dropFirst().first,
    attributes: words.filter { ["soft", "loud", "rock"].contains($0) },
    confidence: isUnderstood ? 0.9 : 0.1,
    isUnderstood: isUnderstood, nearest: ["remove the drums"])
}

private func plan(_ text: String) throws -> EditPlan { try Planner(read: fakeReading).plan(text) }

/// The plan as short lines: "add piano+bass (soft) [10,20]".
private func lines(_ text: String) throws -> [String] {
  let encoder = JSONEncoder()
  return try plan(text).steps.map { step in
    let region = try step.region.map {
      " " + String(decoding: try encoder.encode($0), as: UTF8.self)
    }
    let attributes = step.attributes.isEmpty ? "" : " (\(step.attributes.joined(separator: ",")))"
    let following = step.following.map { " like \($0)" } ?? ""
    return
      "\(step.operation) \(([step.target] + step.also).joined(separator: "+"))\(following)\(attributes)\(region ?? "")"
  }
}

@Suite struct PlannerTests {
  @Test(arguments: [
    ("add a guitar", ["add guitar"]),
    ("remove the drums and add a piano", ["remove drums", "add piano"]),
    ("Remove the drums. Add a soft piano!", ["remove drums", "add piano (soft)"]),
    (
      "drop the drums, then add a piano; mute the bass",
      ["remove drums", "add piano", "remove bass"]
    ),
    ("remove the drums and the bass", ["remove drums", "remove bass"]),
    ("mute the drums. Remove the drums!", ["remove drums"]),
    ("remove drums, bass and piano", ["remove drums", "remove bass", "remove piano"]),
    (
      "add a soft piano, a loud guitar and strings",
      ["add piano (soft)", "add guitar (loud)", "add strings"]
    ),
    ("only the drums and the bass", ["extract drums+bass"]),
    ("only drums, bass and piano", ["extract drums+bass+piano"]),
    ("keep the bass and mute everything else", ["extract bass"]),
    ("only the bass, nothing but the bass", ["extract bass"]),
    ("i can't stand the drums, lose them", ["remove drums"]),
    ("the drums annoy me. mute them", ["remove drums"]),
    ("replace the piano with a soft guitar", ["remove piano", "add guitar like piano (soft)"]),
    ("replace the drums with a piano", ["remove drums", "add piano"]),
    ("replace the piano with a choir", ["remove piano", "add choir like piano"]),
    ("replace the drums with percussion", ["remove drums", "add percussion"]),
    ("remix with a choir and percussion", ["remix choir+percussion"]),
    ("remix with drums, bass and a piano", ["remix drums+bass+piano"]),
    ("remix the second half to rock", ["remix drums+bass+electric guitar (rock)"]),
    ("keep the vocals and remix to rock", ["remix drums+bass+electric guitar (rock)"]),
    (
      "from 0:10 to 0:20 remove the drums and add a piano",
      ["remove drums [10,20]", "add piano [10,20]"]
    ),
    ("remove the drums from 0:10 to 0:20 and add a piano", ["remove drums [10,20]", "add piano"]),
    (
      "between 10 and 20 seconds, mute the bass, then add a piano until 0:30",
      ["remove bass [10,20]", "add piano [0,30]"]
    ),
    (
      "mute the bass from 0:10 to 0:20 and from 0:40 to 0:50",
      ["remove bass [10,20]", "remove bass [40,50]"]
    ),
    ("add drums in the last 5 s", ["add drums [-5,null]"]),
    ("add drums from the start to the end", ["add drums"]),
    ("please, add a guitar, thanks!", ["add guitar"]),
  ])
  func plans(text: String, wanted: [String]) throws {
    #expect(try lines(text) == wanted)
  }

  @Test(arguments: [
    ("", "empty"), ("  ,. ", "empty"), ("from 0:10 to 0:20", "empty"),
    ("make me a sandwich", "not understood: 'make me a sandwich'"),
    ("remove the drums and add a piano, then make the bass louder", "'make the bass louder'"),
    ("remove the drums and turn up the volume", "'turn up the volume'"),
    ("remix it", "a remix"), ("remix with noise", "a remix"),
    ("add some noise", "asks for add noise"),
    ("mute the bass from 1:00 to 0:30", "ends before it starts"),
    (String(repeating: "add drums ", count: 200), "2000 characters"),
  ])
  func refuses(text: String, words: String) throws {
    let error = try #require(throws: InstructionError.self) { try plan(text) }
    #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
    #expect("\(error)".contains("possible") || "\(error)".contains("region") || text.count > 1000)
  }

  /// The reader takes the first part for the one that goes, or, if `reversed`, the second.
  @Test(
    arguments: [false, true],
    [
      "replace the piano with a guitar", "swap the piano for a guitar",
      "turn the piano into a guitar",
      "substitute a guitar for the piano", "use a guitar instead of the piano",
      "i want guitar in place of the piano", "replace piano by guitar",
    ])
  func replacesInTheRightOrder(isReversed: Bool, text: String) throws {
    let planner = Planner { text in
      var reading = fakeReading(text)
      guard let second = reading.second else { return reading }
      reading.operation = .replace
      reading.isUnderstood = true
      if isReversed { (reading.target, reading.second) = (second, reading.target) }
      return reading
    }
    let steps = try planner.plan(text).steps
    #expect(steps.map { "\($0.operation) \($0.target)" } == ["remove piano", "add guitar"])
  }

  @Test func findsTheRequestBesideAnExplanation() throws {
    // A reader that is lost in long texts.
    let planner = Planner { text in
      let reading = fakeReading(text)
      guard text.count > 24 else { return reading }
      return Reading(operation: nil, target: nil, confidence: 0.1, isUnderstood: false)
    }
    let steps = try planner.plan("this mix is far too busy, mute the drums after 0:10").steps
    #expect(steps.map(\.text) == ["mute the drums"])
    #expect(steps[0].region == TimeRegion(start: .fromStart(10), end: .end))
    #expect(throws: InstructionError.self) {
      try planner.plan("this mix is far too busy, whatever the drums are")
    }
  }

  @Test func writesThePlanAsJSON() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(try plan("add a soft guitar")), as: UTF8.self)
    #expect(
      text == #"{"steps":[{"attributes":["soft"],"confidence":0.9,"operation":"add","region":null,"#
        + #""target":"guitar","text":"add a soft guitar"}]}"#)
    let two = try plan("only the drums and the bass in the last 5 s")
    #expect(try JSONDecoder().decode(EditPlan.self, from: encoder.encode(two)) == two)
  }

  @Test func notesPartsWithoutTimes() throws {
    let notes = try plan("remove the drums in the chorus").notes
    #expect(notes.count == 1 && notes[0].contains("'in the chorus' names no time"))
  }

  @Test func resolvesAllRegions() throws {
    let resolved = try plan("add drums in the last 5 s and mute the bass")
      .resolved(durationSeconds: 60)
    #expect(resolved.steps[0].region == TimeRegion(start: .fromStart(55), end: .fromStart(60)))
    #expect(resolved.steps[1].region == nil)
    #expect(throws: InstructionError.self) {
      try plan("add drums after 2:00").resolved(durationSeconds: 60)
    }
  }

  @Test(arguments: [
    ("Isolte the drmus, please!", "isolate the drums, please!"),
    ("add a pinao - and a giutar", "add a piano - and a guitar"),
    ("remove the organza and the drum", "remove the organza and the drum"),
    ("trumpets, the known word, stay", "trumpets, the known word, stay"), ("", ""),
  ])
  func putsSlipsRight(text: String, wanted: String) {
    #expect(Spelling.corrected(text) { ["drum", "trumpets"].contains($0) } == wanted)
  }
}
