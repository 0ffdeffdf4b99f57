import Editors
import Signal
import Tensors

/// Log-mel levels along a song: as they are heard, and as the network says that they were.
final class TrebleLevels {
  private let estimator: any TrebleEstimator
  private let known: [Bool]
  private let sound: SoundStream
  private var mel: MelStream
  private var windows: ContextWindows
  /// `[frame][band]` from frame `firstFrame` on.
  private var heard: [Float] = []
  private var asked: [Float] = []
  private var firstFrame = 0
  private var isFinished = false
  private var bands: Int { estimator.mel.bands }

  /// Frames that the network is given at once, beside their context.
  private static let windowFrames = 256

  init(_ estimator: any TrebleEstimator, cutoff: Cutoff, sound: SoundStream) throws {
    self.estimator = estimator
    self.sound = sound
    let layout = estimator.mel
    known = layout.edgesHz.dropFirst(2).map { $0 <= cutoff.hz }
    mel = MelStream(try MelSpectrogram(layout))
    windows = ContextWindows(
      width: layout.bands, context: estimator.contextFrames, length: Self.windowFrames)
  }

  /// Both levels `[band]` at a fractional frame, interpolated; the last frame holds beyond the end.
  /// Frames are asked for in order: earlier ones are forgotten.
  func row(at frame: Double, asked out: inout [Float], heard in: inout [Float]) throws {
    while !isFinished, asked.count / bands + firstFrame <= Int(frame) + 1 { try advance() }
    forget(before: Int(frame))
    let last = asked.count / bands + firstFrame - 1
    let lower = min(Int(frame), last)
    let upper = min(lower + 1, last)
    let share = Float(min(frame, Double(last)) - Double(lower))
    func mixed(_ rows: [Float], _ out: inout [Float]) {
      let (from, to) = ((lower - firstFrame) * bands, (upper - firstFrame) * bands)
      out = (0..<bands).map { rows[from + $0] + share * (rows[to + $0] - rows[from + $0]) }
    }
    mixed(asked, &out)
    mixed(heard, &`in`)
  }

  private func advance() throws {
    var fresh: [ContextWindows.Window]
    if let channels = try sound.next() {
      let frames = mel.push(channels[0]).values
      heard += frames
      fresh = windows.push(frames)
    } else {
      let frames = mel.finish().values
      heard += frames
      fresh = windows.push(frames) + windows.finish()
      isFinished = true
    }
    for window in fresh {
      let input = try Tensor(
        window.values, shape: [window.values.count / bands, bands], name: "mel of the song")
      asked += estimator.bands(of: input, known: known)[rows: window.inner].floats
    }
  }

  private func forget(before frame: Int) {
    let count = min(frame - firstFrame, asked.count / bands - 1)
    guard count > Self.windowFrames else { return }
    heard.removeFirst(count * bands)
    asked.removeFirst(count * bands)
    firstFrame += count
  }
}
