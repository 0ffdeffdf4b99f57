import Editing
import Editors
import Instructions
import Testing

/// Which model cleans, and what is refused.
@Suite struct CleanUpTests {
  private let folder: TestFolder
  private let models = FakeModels()

  init() throws { folder = try TestFolder() }

  private func edit(_ step: PlanStep, options: EditOptions = EditOptions()) throws -> EditReport {
    try SongEditor(models: models).edit(
      try folder.song(), plan: EditPlan(steps: [step]), instruction: step.text, options: options)
  }

  @Test func asksTheModelThatKnowsThePart() throws {
    #expect(try edit(step(.remove, "noise")).steps[0].target == "noise")
  }

  /// What is found of a part may be too faint to be surely there; then nothing is removed.
  @Test func faintPartsAreLeftAlone() throws {
    let name = "noise"
    models.fakeCleaner.edge = 40  // of 256 bands: most of the song's power, not all
    let removed = try edit(step(.remove, name))
    let loudness = try #require(removed.steps[0].changeLU)
    #expect(removed.changed)
    var again = EditOptions()
    again.overwrite = true
    models.fakeCleaner.least = loudness + 0.5
    let left = try edit(step(.remove, name), options: again)
    #expect(!left.changed && left.notes[0].contains("nothing that is surely there"))
    #expect(try folder.bytes("song.wav") == folder.bytes("song.edited.wav"))
    models.fakeCleaner.least = loudness - 0.5
    #expect(try edit(step(.remove, name), options: again).changed)
    // Whoever asks for the part alone gets what there is of it.
    models.fakeCleaner.least = loudness + 0.5
    #expect(try edit(step(.extract, name), options: again).changed)
  }

  @Test func refusesAPartThatTheCleanUpModelLacks() throws {
    let error = try #require(throws: EditError.self) { try edit(step(.remove, "wind")) }
    #expect("\(error)".contains("wind") && "\(error)".contains("noise, voice"))
  }

  @Test func refusesPartsOfTwoModelsInOneStep() throws {
    var both = step(.extract, "voice")
    both.also = ["piano"]
    let error = try #require(throws: EditError.self) { try edit(both) }
    #expect("\(error)".contains("one after the other"))
  }

  @Test func addsEventsWhereTheModelCan() throws {
    #expect(try edit(step(.add, "birds")).steps[0].operation == "add")
    models.sounds = []
    let error = try #require(throws: EditError.self) { try edit(step(.add, "dog")) }
    #expect("\(error)".contains("cannot add dog"))
  }

  @Test func refusesToCleanBySampling() throws {
    var options = EditOptions()
    options.method = .diffusion
    let error = try #require(throws: EditError.self) {
      try edit(step(.remove, "noise"), options: options)
    }
    #expect("\(error)".contains("--method"))
  }
}
