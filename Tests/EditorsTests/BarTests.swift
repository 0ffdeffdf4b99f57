import Editors
import Testing

@Suite struct BarTests {
  static let rate = 44100.0 / 2048

  /// Marks of beats with some noise on them, as a head would tell them, and of each `meter`th of them.
  func marks(
    tempo: Double, meter: Int, start: Double, seconds: Double = 40, blur: Float = 0.1
  ) -> (beats: [Float], downbeats: [Float]) {
    let count = Int(seconds * Self.rate)
    var beats = (0..<count).map { blur * Float($0 * 7919 % 97) / 97 }
    var downbeats = beats.map { blur - $0 }
    var (time, index) = (start, 0)
    while Int((time * Self.rate).rounded()) < count {
      let row = Int((time * Self.rate).rounded())
      beats[row] = 0.9
      if index % meter == 0 { downbeats[row] = 0.8 }
      time += 60 / tempo
      index += 1
    }
    return (beats, downbeats)
  }

  @Test(arguments: [(66.0, 4, 0.3), (97, 4, 0.0), (120, 3, 0.2), (167, 4, 0.11), (141, 3, 0.05)])
  func findsBars(_ tempo: Double, _ meter: Int, _ start: Double) {
    let (beats, downbeats) = marks(tempo: tempo, meter: meter, start: start)
    let bars = BarTracker(rowsPerSecond: Self.rate).bars(beats: beats, downbeats: downbeats)
    let length = Double(meter) * 60 / tempo
    #expect(abs(Double(bars.count) - 40 / length) <= 2)
    for bar in bars {
      let place = (bar / Self.rate - start) / length
      #expect(abs(place - place.rounded()) * length < 0.07, "bar at \(bar / Self.rate)")
    }
  }

  @Test func findsNoneInNoise() {
    let tracker = BarTracker(rowsPerSecond: Self.rate)
    let noise = (0..<800).map { 0.1 * Float($0 * 7919 % 97) / 97 }
    #expect(tracker.bars(beats: noise, downbeats: noise).isEmpty)
    #expect(tracker.bars(beats: [], downbeats: []).isEmpty)
    #expect(tracker.bars(beats: [0.9, 0, 0.9], downbeats: [0.9, 0, 0]).isEmpty)
  }
}
