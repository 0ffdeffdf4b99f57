import Editors
import Foundation
import Instructions
import Tensors

/// The chords and beats of a stretch of a song, as its music model tells them or as a user gives them.
struct SongHarmony {
  /// Numbers of a row: probabilities of ``Chord/all``, of a beat, of a bar's first beat.
  private static let width = Chord.all.count + 2
  private static let rowsPerSecond = Double(HarmonyFeatures.rate) / Double(HarmonyFeatures.hop)

  /// `[row][width]`
  private var values: [Float] = []
  private var count: Int { values.count / Self.width }

  /// Listens to a stretch of a song.
  /// - Parameter gain: brings the song to the level that models are trained at.
  init(
    _ song: Song, range: Range<Int>, head: HarmonyHead, gain: Float
  ) throws {
    precondition(head.config.chords == Chord.all.count)
    let sound = try SoundStream(song, range: range, rate: HarmonyFeatures.rate, gain: gain)
    var stream = try HarmonyStream(head)
    while let channels = try sound.next() {
      values += try stream.push(channels[0])
    }
    values += try stream.finish()
    // A stretch may be shorter than a sample of the models' rate.
    if values.isEmpty { values = [Float](repeating: 0, count: Self.width) }
  }

  /// `[rows, width]`; rows behind the end are like the last one.
  func rows(_ range: Range<Int>) -> Tensor {
    let rows = range.flatMap { row in
      let start = min(row, count - 1) * Self.width
      return values[start..<start + Self.width]
    }
    return Tensor(vector: rows).reshaped([range.count, Self.width])
  }

  /// The bars that have begun, in order, in seconds from the stretch's start; none where no steady beat is
  /// found.
  var bars: [SongBar] {
    let starts = barStarts
    guard let first = starts.first, let last = starts.last, starts.count > 1 else { return [] }
    let edges = starts + [min(Double(count), last + (last - first) / Double(starts.count - 1))]
    return zip(edges, edges.dropFirst()).map { start, end in
      let rows = Int(start)..<max(Int(start) + 1, Int(end))
      let sums = Chord.all.indices.map { chord in
        rows.reduce(Float(0)) { $0 + values[$1 * Self.width + chord] }
      }
      let most = sums.indices.max { sums[$0] < sums[$1] } ?? 0
      return SongBar(
        startSeconds: start / Self.rowsPerSecond, endSeconds: end / Self.rowsPerSecond,
        chord: Chord.all[most].name)
    }
  }

  private var barStarts: [Double] {
    func column(_ index: Int) -> [Float] {
      (0..<count).map { values[$0 * Self.width + Chord.all.count + index] }
    }
    return BarTracker(rowsPerSecond: Self.rowsPerSecond)
      .bars(beats: column(0), downbeats: column(1))
  }

  /// Puts given chords in the place of the song's, one a bar and over again, from the bar on that begins
  /// next to `seconds`.
  /// - Throws: ``EditError`` where no bars are found.
  mutating func play(_ chords: [Chord], from seconds: Double) throws {
    let starts = barStarts
    guard starts.count > 1, let last = starts.last else {
      throw EditError.unsupported(
        what: "--chords needs a steady beat, and none is found in the song",
        hint: "leave --chords out, or choose a part with a beat by --region")
    }
    let wanted = seconds * Self.rowsPerSecond
    let origin = starts.indices.min { abs(starts[$0] - wanted) < abs(starts[$1] - wanted) } ?? 0
    let length = (last - starts[0]) / Double(starts.count - 1)
    for row in 0..<count {
      // Bars before the first and behind the last that were found are as long as the mean.
      let place = Double(row) + 0.5
      let bar =
        place < starts[0]
        ? Int(((place - starts[0]) / length).rounded(.down))
        : place >= last + length
          ? starts.count - 1 + Int((place - last) / length)
          : (starts.lastIndex { $0 <= place } ?? 0)
      let turn = (bar - origin) % chords.count
      let chord = chords[turn < 0 ? turn + chords.count : turn]
      for (index, each) in Chord.all.enumerated() {
        values[row * Self.width + index] = each == chord ? 1 : 0
      }
    }
  }
}

/// A bar of a song with the chord that sounds most in it.
public struct SongBar: Sendable, Equatable, Codable {
  public let startSeconds: Double
  public let endSeconds: Double
  /// As `Chord.name` writes it.
  public let chord: String
}

extension SongEditor {
  /// A song's bars and chords, as what is added to it follows them; none where no steady beat is found.
  /// - Throws: `AudioFileError`, `CheckpointError`, ``EditError`` when the installed models hear none.
  public func bars(of path: String) throws -> [SongBar] {
    let song = try Song(path: path)
    guard let target = try models.madeTargets().first,
      let head = try models.generator(for: target).harmonyHead
    else {
      throw EditError.unsupported(
        what: "the installed models hear no chords", hint: "install another music model")
    }
    let levels = try SongLevels(of: song) { _ in }
    guard levels.peak > 0 else { return [] }
    return try SongHarmony(
      song, range: 0..<song.info.frameCount, head: head, gain: levels.modelGain
    ).bars
  }
}
