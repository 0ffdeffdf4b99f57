import Checkpoints
import Foundation
import Layers
import Tensors

/// Sizes and constants of ``SpeechPainter``, as `PainterConfig` in
/// Models/training/speech/networks.py writes them.
public struct SpeechPainterConfig: Sendable, Equatable, Decodable {
  public let rate: Int
  public let fftSize: Int
  public let hop: Int
  public let bands: Int
  /// Frames of the context with the gap.
  public let frames: Int
  public let dim: Int
  public let heads: Int
  public let latents: Int
  public let blocks: Int
  /// Of the Fourier features of times.
  public let frequencies: Int
  /// Classes, with "no phoneme", which is 0.
  public let phones: Int
  /// The network sees `(mel - melMean) / melStd`.
  public let melMean: Float
  public let melStd: Float

  private enum CodingKeys: String, CodingKey {
    case rate, hop, bands, frames, dim, heads, latents, blocks, frequencies, phones
    case fftSize = "n_fft"
    case melMean = "mel_mean"
    case melStd = "mel_std"
  }
}

/// A phoneme with its place, in frames of the network that it is given to.
public struct TimedPhoneme: Sendable, Equatable {
  public let phoneme: Int
  public let start: Float
  public let end: Float

  public init(phoneme: Int, start: Float, end: Float) {
    (self.phoneme, self.start, self.end) = (phoneme, start, end)
  }
}

/// SpeechPainter (2202.07273): a Perceiver IO that reads log-mel frames, those of the gap masked, and
/// the transcript's phonemes, and is asked for frames of the gap.
///
/// Source: `Painter` in Models/training/speech/networks.py, which says where it differs from the
/// paper and why.
public struct SpeechPainter: Sendable {
  public let config: SpeechPainterConfig
  private let frame: Linear
  private let phone: Embedding
  private let phoneTimes: Linear
  private let phoneUnder: Embedding
  private let guided: Linear
  private let latents: Tensor
  private let encoder: PerceiverLayer
  private let blocks: [PerceiverLayer]
  private let query: Linear
  private let decoder: PerceiverLayer
  private let refiner: PerceiverLayer
  private let norm: LayerNorm
  private let out: Linear

  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ w: WeightScope, config c: SpeechPainterConfig) throws {
    config = c
    let time = 2 * c.frequencies + 1
    frame = try Linear(w / "frame", in: c.bands + 1 + time + 2, out: c.dim)
    phone = try Embedding(w / "phone", count: c.phones, dim: c.dim)
    phoneTimes = try Linear(w / "phone_times", in: 2 * time, out: c.dim)
    phoneUnder = try Embedding(w / "phone_under", count: c.phones, dim: c.dim)
    guided = try Linear(w / "guided", in: c.bands, out: c.dim)
    latents = try w.tensor("latents", [c.latents, c.dim]).asFloat32()
    func layer(_ scope: WeightScope, cross: Bool) throws -> PerceiverLayer {
      try PerceiverLayer(scope, dim: c.dim, heads: c.heads, cross: cross)
    }
    encoder = try layer(w / "encoder", cross: true)
    blocks = try (0..<c.blocks).map { try layer(w / "blocks" / $0, cross: false) }
    query = try Linear(w / "query", in: 2 * c.bands + 1 + time + 2, out: c.dim)
    decoder = try layer(w / "decoder", cross: true)
    refiner = try layer(w / "refiner", cross: false)
    norm = try LayerNorm(w / "norm", dim: c.dim)
    out = try Linear(w / "out", in: c.dim, out: c.bands)
  }

  /// Log-mel of the asked frames.
  ///
  /// - Parameters:
  ///   - mel: `[T, bands]`, T being `config.frames`; what lies in the gap is ignored.
  ///   - gap: for each frame whether it is to be painted.
  ///   - phonemes: what is said in these frames, in its order.
  ///   - guide: ``SpeechGuide`` of these frames `[T, bands]`.
  ///   - queries: the frames that are asked for.
  ///   - memory: the recording's frames, those of the window among them.
  /// - Returns: `[queries.count, bands]`
  /// - Throws: `LayerError` for a phoneme that the network does not know.
  public func callAsFunction(
    _ mel: Tensor, gap: [Bool], phonemes: [TimedPhoneme], guide: Tensor, queries: [Int],
    memory: SpeechMemory
  ) throws -> Tensor {
    precondition(
      mel.shape == [config.frames, config.bands] && gap.count == config.frames
        && guide.shape == mel.shape, "log-mel \(mel.shape) with \(gap.count) marks")
    let guess = SpeechGuess(
      bands: config.bands, gap: gap,
      places: (0..<config.frames).map { PhonemePlace(of: $0, in: phonemes) }, memory: memory,
      mel: mel.floats)
    let hints = guide.scaled(by: 1 / config.melStd)
    let inputs = try inputs(guess, phonemes, hints)
    var x = latents.reshaped([1] + latents.shape)
    encoder(&x, inputs: inputs)
    for block in blocks { block(&x) }
    let echoes = queries.map { memory.echo(guess.places[$0]) }
    var y = try asked(queries, echoes.map(\.own), guess, hints)
    let both = try Tensor(
      x.floats + inputs.floats, shape: [1, x.shape[1] + inputs.shape[1], config.dim])
    decoder(&y, inputs: both)
    refiner(&y)
    var made = out(norm(y, output: out.inputType))[0].smoothed().transposed().smoothed()
      .transposed()
    let base = zip(queries, echoes).flatMap { query, echo in
      let here = guide[query].floats
      return guess.base(
        query,
        echo: (0..<config.bands).map { echo.own[$0] + here[$0] - echo.guide[$0] })
    }
    made.combine(1, try Tensor(base, shape: made.shape), config.melStd)
    return made
  }

  /// Frames and phonemes as one sequence `[1, T + L, C]`.
  private func inputs(_ guess: SpeechGuess, _ phonemes: [TimedPhoneme], _ hints: Tensor) throws
    -> Tensor
  {
    let (count, bands) = (config.frames, config.bands)
    var rows: [Float] = []
    for t in 0..<count {
      let isHeard = !guess.gap[t]
      rows += isHeard ? relative(guess.line(t), guess) : [Float](repeating: 0, count: bands)
      rows.append(isHeard ? 1 : 0)
      rows += time(Float(t)) + guess.places[t].reach
    }
    var frames = frame(try Tensor(rows, shape: [count, rows.count / count]))
    frames.combine(1, try phoneUnder(guess.places.map(\.phoneme)), 1)
    guided.add(hints, to: &frames)
    guard !phonemes.isEmpty else { return frames.reshaped([1] + frames.shape) }
    let places = phonemes.flatMap { time($0.start) + time($0.end) }
    var said = phoneTimes(
      try Tensor(places, shape: [phonemes.count, places.count / phonemes.count]))
    said.combine(1, try phone(phonemes.map(\.phoneme)), 1)
    return try Tensor(
      frames.floats + said.floats, shape: [1, count + phonemes.count, config.dim])
  }

  /// The queries `[1, Q, C]`: each frame's straight line and echo, whether it is heard, its time, and
  /// how far it lies from its phoneme's ends; the phoneme; and the guide.
  private func asked(
    _ queries: [Int], _ echoes: [[Float]], _ guess: SpeechGuess, _ hints: Tensor
  ) throws -> Tensor {
    var rows: [Float] = []
    for (query, echo) in zip(queries, echoes) {
      rows += relative(guess.line(query), guess) + relative(echo, guess)
      rows.append(guess.gap[query] ? 0 : 1)
      rows += time(Float(query)) + guess.places[query].reach
    }
    var y = query(try Tensor(rows, shape: [queries.count, rows.count / max(1, queries.count)]))
    y.combine(1, try phoneUnder(queries.map { guess.places[$0].phoneme }), 1)
    guided.add(Tensor.stack(queries.map { hints[$0] }), to: &y)
    return y.reshaped([1] + y.shape)
  }

  /// A frame `[bands]` as the network sees it: relative to the voice's mean spectrum.
  private func relative(_ frame: [Float], _ guess: SpeechGuess) -> [Float] {
    zip(frame, guess.memory.mean).map { ($0 - $1) / config.melStd }
  }

  /// A time and its sines and cosines, from one turn over the context to half as many as it has
  /// frames.
  private func time(_ frame: Float) -> [Float] {
    let position = Double(frame) / Double(config.frames) * 2 - 1
    let last = log2(Double(config.frames) / 2)
    let angles = (0..<config.frequencies).map { index in
      Double.pi * position * exp2(last * Double(index) / Double(max(1, config.frequencies - 1)))
    }
    return [Float(position)] + angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
  }
}

extension Tensor {
  /// Deviation of the Gaussian that smooths what the painter learned, frames and bands, and its taps
  /// on each side.
  private static let smoothing = 6.0, smoothingTaps = 15

  /// `[N, C]` along N by a Gaussian; the ends are held.
  fileprivate func smoothed() -> Tensor {
    let (count, channels, reach) = (shape[0], shape[1], Self.smoothingTaps)
    let taps = (-reach...reach).map { exp(-0.5 * pow(Double($0) / Self.smoothing, 2)) }
    let sum = taps.reduce(0, +)
    let values = floats
    var out = Tensor.zeros(shape)
    out.withUnsafeMutableFloats { to in
      for row in 0..<count {
        for (tap, weight) in taps.enumerated() {
          let from = min(max(row + tap - reach, 0), count - 1) * channels
          let share = Float(weight / sum)
          for c in 0..<channels { to[row * channels + c] += share * values[from + c] }
        }
      }
    }
    return out
  }
}
