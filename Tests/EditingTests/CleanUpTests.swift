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
