import Instructions
import Testing

@Suite struct ChordTests {
  @Test func readsWhatMusiciansWrite() throws {
    #expect(
      try Chord.line("C | G Am, F#m7  bb N") == [
        .major(0), .major(7), .minor(9), .minor(6), .major(10), .none,
      ])
    #expect(try Chord.line("Cb B# E♭maj7 Dmin") == [.major(11), .major(0), .major(3), .minor(2)])
  }

  @Test(arguments: ["", " | ", "H", "C G Xm", "Csus4", "Bdim", "C/G", "Am Fgarbage"])
  func refusesWhatItCannotPlay(_ text: String) {
    #expect(throws: ChordError.self) { try Chord.line(text) }
  }

  @Test func refusesEndlessLines() {
    let line = Array(repeating: "C", count: Chord.longestLine + 1).joined(separator: " ")
    #expect(throws: ChordError.self) { try Chord.line(line) }
  }

  @Test func namesAreRead() {
    #expect(Chord.all.count == 25)
    for chord in Chord.all { #expect(Chord(chord.name) == chord) }
  }
}
