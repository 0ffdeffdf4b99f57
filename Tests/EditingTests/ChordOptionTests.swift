import Editing
import Instructions
import Testing

/// Chords are for what is added, by models that play chords: the fake ones play none.
@Suite struct ChordOptionTests {
  @Test(arguments: [
    ([step(.remove, "drums 0.5")], "nothing is added here"),
    ([step(.superResolve, "highs"), step(.extract, "piano")], "nothing is added here"),
    ([step(.remove, "drums 0.5"), step(.add, "piano")], "plays no chords"),
    ([step(.add, "dog")], "plays no chords"),
  ])
  func chordsThatNothingPlaysAreRefusedBeforeAnyWork(steps: [PlanStep], words: String) throws {
    let folder = try TestFolder()
    let song = try folder.song(seconds: 1)
    var options = EditOptions()
    options.chords = "C G"
    let editor = SongEditor(models: FakeModels())
    let error = try #require(throws: EditError.self) {
      try editor.edit(song, plan: EditPlan(steps: steps), instruction: "", options: options) { _ in
        Issue.record("work was done")
      }
    }
    let text = "\(error)"
    #expect(text.contains(words) && text.contains("--chords") && !text.contains("\n"))
    #expect(folder.names == ["song.wav"])
  }
}
