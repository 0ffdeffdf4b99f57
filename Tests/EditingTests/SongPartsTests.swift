import Editing
import Instructions
import Testing

/// Stems that contain others, with models that know them and with models that do not.
@Suite struct SongPartsTests {
  private static let few = [
    "drums", "bass", "guitar", "acoustic guitar", "electric guitar", "piano", "strings", "organ",
    "brass", "woodwind", "synth", "vocals",
  ]
  private static let many = [
    "drums", "bass", "guitar", "acoustic guitar", "electric guitar", "distorted guitar", "piano",
    "strings", "organ", "brass", "woodwind", "synth", "synth lead", "synth pad", "percussion",
    "choir",
    "vocals",
  ]
  private static let fewParts = few.filter { $0 != "guitar" }
  private static let manyParts = many.filter {
    !["guitar", "distorted guitar", "synth"].contains($0)
  }

  @Test func partsOfASongAreDisjoint() {
    #expect(SongParts.all(of: Self.few) == Self.fewParts)
    #expect(SongParts.all(of: Self.many) == Self.manyParts)
    #expect(SongParts.all(of: ["guitar", "distorted guitar", "drums"]) == ["guitar", "drums"])
  }

  /// What is asked for, and the parts of a song that are not among the others.
  @Test(arguments: [
    (["drums"], ["drums"]),
    (["guitar"], ["acoustic guitar", "electric guitar"]),
    (["electric guitar"], ["electric guitar"]),
    (["distorted guitar"], ["electric guitar"]),
    (["acoustic guitar"], ["acoustic guitar"]),
    (["synth"], ["synth lead", "synth pad"]),
    (["synth pad"], ["synth pad"]),
    (["synth lead", "distorted guitar"], ["synth lead", "electric guitar"]),
  ])
  func othersShareNothing(asked: [String], taken: [String]) {
    #expect(
      SongParts.others(than: asked, of: Self.many) == Self.manyParts.filter { !taken.contains($0) })
  }

  @Test func othersOfFewerStems() {
    #expect(
      SongParts.others(than: ["guitar"], of: Self.few)
        == Self.fewParts.filter { !$0.hasSuffix("guitar") })
    #expect(
      SongParts.others(than: ["synth"], of: Self.few) == Self.fewParts.filter { $0 != "synth" })
  }

  @Test func songsAreSplitIntoDisjointParts() throws {
    let folder = try TestFolder()
    let models = FakeModels()
    models.stems = Self.many
    let files = try SongEditor(models: models).stems(
      of: try folder.song(seconds: 1), into: folder.path("stems"))
    #expect(files.map(\.name) == Self.manyParts + ["other"])
  }

  // MARK: - What the models lack

  private func plan(_ steps: [PlanStep], stems: [String], made: [String]? = nil) throws -> EditPlan
  {
    let models = FakeModels()
    (models.stems, models.made, models.asked) = (stems, made, steps)
    return try SongEditor(models: models).plan("")
  }

  private func addition(_ target: String, following: String? = nil) -> PlanStep {
    PlanStep(operation: .add, target: target, following: following, confidence: 1, text: "")
  }

  @Test func lackingPartsBecomeTheirWhole() throws {
    let distorted = try plan([addition("distorted guitar")], stems: Self.few)
    #expect(distorted.steps.map(\.target) == ["electric guitar"])
    #expect(distorted.steps[0].attributes == ["distorted"])
    #expect(
      distorted.notes == [
        "the installed models cannot add distorted guitar: electric guitar is added instead"
      ])
    let oldest = try plan([addition("distorted guitar")], stems: ["drums", "guitar"])
    #expect(oldest.steps.map(\.target) == ["guitar"] && oldest.steps[0].attributes == ["distorted"])

    let removed = try plan([step(.remove, "distorted guitar")], stems: Self.few)
    #expect(removed.steps == [step(.remove, "electric guitar")])
    #expect(removed.notes.count == 1 && removed.notes[0].contains("the electric guitar, which"))

    let replaced = try plan(
      [step(.remove, "synth lead"), addition("strings", following: "synth lead")], stems: Self.few)
    #expect(replaced.steps == [step(.remove, "synth"), addition("strings", following: "synth")])
    #expect(replaced.notes.count == 1)
  }

  @Test func partsOfOneWholeAreOne() throws {
    var both = step(.extract, "synth lead")
    both.also = ["drums", "synth pad"]
    let extracted = try plan([both], stems: Self.few)
    #expect(extracted.steps.map { [$0.target] + $0.also } == [["synth", "drums"]])
    #expect(extracted.notes.count == 2)
    let removed = try plan(
      [step(.remove, "synth lead"), step(.remove, "synth pad")], stems: Self.few)
    #expect(removed.steps == [step(.remove, "synth")])
    let added = try plan([addition("synth lead"), addition("synth pad")], stems: Self.few)
    #expect(added.steps == [addition("synth"), addition("synth")])
  }

  /// What is found may be more than what is made.
  @Test func knownPartsStay() throws {
    let steps = [
      addition("distorted guitar"), addition("synth pad"), step(.remove, "synth lead"),
      step(.extract, "distorted guitar"),
    ]
    #expect(try plan(steps, stems: Self.many) == EditPlan(steps: steps))
    let made = Self.few.filter { $0 != "vocals" }
    let plan = try plan(steps, stems: Self.many, made: made)
    #expect(
      plan.steps.map(\.target) == ["electric guitar", "synth", "synth lead", "distorted guitar"])
    #expect(plan.notes.count == 2)
  }

  /// What no known stem contains is refused, and what is possible is said.
  @Test(arguments: ["percussion", "choir"], [PlanOperation.add, .remove, .remix])
  func othersAreRefused(part: String, operation: PlanOperation) throws {
    let folder = try TestFolder()
    let song = try folder.song(seconds: 1)
    let models = FakeModels()
    (models.stems, models.asked) = (Self.few, [step(operation, part)])
    let error = try #require(throws: EditError.self) {
      try SongEditor(models: models).edit(song, "test")
    }
    let text = "\(error)"
    #expect(text.contains(part) && text.contains("they know drums, bass") && !text.contains("\n"))
    #expect(folder.names == ["song.wav"])
  }
}
