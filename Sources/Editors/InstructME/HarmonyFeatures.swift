import Foundation
import Signal
import Tensors

/// What ``HarmonyHead`` hears of 44.1 kHz mono sound, one row for each 2,048 samples: the log-magnitudes
/// of half semitones from E1 on, then the onsets in four bands of the row's four frames.
///
/// Equals `Hearing` in Models/training/music/harmony.py.
public struct HarmonyFeatures: Sendable {
  public static let rate = 44100
  /// Samples of a row.
  public static let hop = 2048
  static let tones = 160
  private static let lowestPitch = 28.0
  /// Upper ends of the bands whose onsets are heard, Hz.
  private static let onsetEdges = [200.0, 800, 3200, 22050]
  static let framesPerRow = 4
  static let width = tones + framesPerRow * onsetEdges.count
  /// Under these, magnitudes are all alike.
  private static let toneFloor: Float = 1e-4, onsetFloor: Float = 1e-3

  /// A triangle of unit sum over some bins.
  private struct Filter {
    let first: Int
    let weights: [Float]
  }

  let toneSTFT: STFT, onsetSTFT: STFT
  private let filters: [Filter]
  private let onsetBands: [Range<Int>]

  public init() throws {
    toneSTFT = try STFT(STFTLayout(fftSize: 8192, hopSamples: Self.hop))
    onsetSTFT = try STFT(
      STFTLayout(fftSize: 1024, hopSamples: Self.hop / Self.framesPerRow))
    let binHz = Double(Self.rate) / 8192
    filters = (0..<Self.tones).map { tone in
      let middle = 440 * exp2((Self.lowestPitch + Double(tone) / 2 - 69) / 12)
      let width = max(middle * (exp2(1.0 / 24) - 1), binHz)
      let first = Int(((middle - width) / binHz).rounded(.up))
      let last = min(4096, Int(((middle + width) / binHz).rounded(.down)))
      let weights = (first...last).map { 1 - abs(Double($0) * binHz - middle) / width }
      let sum = weights.reduce(0, +)
      return Filter(first: first, weights: weights.map { Float($0 / sum) })
    }
    let edges =
      [0]
      + Self.onsetEdges.map {
        Int(($0 * 1024 / Double(Self.rate)).rounded(.toNearestOrEven))
      }
    onsetBands = zip(edges, edges.dropFirst()).map { $0..<$1 }
  }

  /// `[frame][tone]`
  func tones(of spectra: ComplexFrames) -> [Float] {
    let (magnitudes, bins) = (spectra.magnitudes(), spectra.binCount)
    var out: [Float] = []
    out.reserveCapacity(spectra.frameCount * filters.count)
    magnitudes.withUnsafeBufferPointer { magnitudes in
      for frame in 0..<spectra.frameCount {
        for filter in filters {
          let start = frame * bins + filter.first
          var sum: Float = 0
          for (bin, weight) in filter.weights.enumerated() {
            sum += weight * magnitudes[start + bin]
          }
          out.append(logf(max(sum, Self.toneFloor)))
        }
      }
    }
    return out
  }

  /// Log-magnitudes `[frame][bin]`, whose rises are onsets.
  func levels(of spectra: ComplexFrames) -> [Float] {
    spectra.magnitudes().map { logf(max($0, Self.onsetFloor)) }
  }

  /// How much the bands of each frame rise over the frame before, `[frame][band]`.
  /// - Parameter levels: `[frame][bin]`, from one frame before the first that is asked for.
  func onsets(in levels: [Float]) -> [Float] {
    let bins = onsetSTFT.layout.binCount
    var out: [Float] = []
    levels.withUnsafeBufferPointer { levels in
      for frame in 1..<max(1, levels.count / bins) {
        for band in onsetBands {
          var sum: Float = 0
          for bin in band {
            sum += max(0, levels[frame * bins + bin] - levels[(frame - 1) * bins + bin])
          }
          out.append(sum / Float(band.count))
        }
      }
    }
    return out
  }
}

/// ``HarmonyFeatures`` of sound that arrives in blocks, as ``HarmonyHead`` hears it.
public struct HarmonyStream: Sendable {
  private static let rowsPerWindow = 512

  private let head: HarmonyHead
  private let features: HarmonyFeatures
  private var toneSpectra: STFTStream, onsetSpectra: STFTStream
  /// What does not make up a row yet.
  private var tones: [Float] = [], onsets: [Float] = []
  /// The last frame, from which the next one may rise.
  private var level: [Float]?
  private var windows: ContextWindows

  public init(_ head: HarmonyHead) throws {
    precondition(head.config.tones + head.config.onsets == HarmonyFeatures.width)
    self.head = head
    features = try HarmonyFeatures()
    toneSpectra = STFTStream(features.toneSTFT)
    onsetSpectra = STFTStream(features.onsetSTFT)
    windows = ContextWindows(
      width: HarmonyFeatures.width, context: head.contextRows, length: Self.rowsPerWindow)
  }

  /// Takes samples and gives the probabilities `[row][chords + 2]` that are ready.
  public mutating func push(_ samples: [Float]) throws -> [Float] {
    try windows.push(rows(toneSpectra.push(samples), onsetSpectra.push(samples)))
      .flatMap { try told($0) }
  }

  /// Ends the sound and gives the rest.
  public mutating func finish() throws -> [Float] {
    var rest = rows(toneSpectra.finish(), onsetSpectra.finish())
    // The last row's frames may lie behind the sound.
    while !tones.isEmpty {
      onsets.append(0)
      rest += joined()
    }
    return try (windows.push(rest) + windows.finish()).flatMap { try told($0) }
  }

  private mutating func rows(_ tone: ComplexFrames, _ onset: ComplexFrames) -> [Float] {
    tones += features.tones(of: tone)
    let levels = features.levels(of: onset)
    if !levels.isEmpty {
      // Nothing rises in the first frame.
      let bins = onset.binCount
      onsets += features.onsets(in: (level ?? Array(levels.prefix(bins))) + levels)
      level = Array(levels.suffix(bins))
    }
    return joined()
  }

  /// Takes the complete rows off.
  private mutating func joined() -> [Float] {
    let (toneCount, onsetCount) = (
      HarmonyFeatures.tones, HarmonyFeatures.width - HarmonyFeatures.tones
    )
    let count = min(tones.count / toneCount, onsets.count / onsetCount)
    var out: [Float] = []
    for row in 0..<count {
      out += tones[row * toneCount..<(row + 1) * toneCount]
      out += onsets[row * onsetCount..<(row + 1) * onsetCount]
    }
    tones.removeFirst(count * toneCount)
    onsets.removeFirst(count * onsetCount)
    return out
  }

  private func told(_ window: ContextWindows.Window) throws -> [Float] {
    let rows = window.values.count / windows.width
    let logits = head(try Tensor(window.values, shape: [1, rows, windows.width]))
    let width = head.config.chords + 2
    return logits[0][rows: window.inner].floats.chunked(width).flatMap { row in
      Self.probabilities(row, chords: head.config.chords)
    }
  }

  /// Chords exclude each other, beats do not.
  private static func probabilities(_ logits: ArraySlice<Float>, chords: Int) -> [Float] {
    let chord = logits.prefix(chords)
    let peak = chord.max() ?? 0
    let weights = chord.map { exp($0 - peak) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum } + logits.dropFirst(chords).map { 1 / (1 + exp(-$0)) }
  }
}

extension Array {
  /// Pieces of that many elements.
  fileprivate func chunked(_ count: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
  }
}
