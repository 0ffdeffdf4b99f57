import Foundation
import Tensors

/// Turns a vocoder's log-magnitudes and phase steps, frame by frame, into a complex STFT.
///
/// This matches `Models/training/music/phases.py`, which says what is minimised and why (after
/// "Phase reconstruction based on recurrent phase unwrapping", arXiv 2002.05832). The state is one
/// frame, so frames may arrive in blocks of any size.
public struct PhaseIntegrator: Sendable {
  public let binCount: Int
  /// Scales the noise in what the network is not sure of.
  public let temperature: Double

  private var random: Philox
  private var last: (vectors: [Complex], magnitudes: [Double])?

  /// Mean lengths of steps are capped here: a concentration of 26.
  private static let sure = 0.98
  /// Concentration of a random phase that keeps the system regular.
  private static let doubt = 1e-3
  /// Weight of steps in frequency beside those in time.
  private static let slopes = 3.0
  /// Magnitude that the mel clamp of 1e-5 corresponds to.
  private static let floor = 2e-4

  public init(binCount: Int, temperature: Double = 0.3, seed: UInt64 = 0) {
    precondition(binCount > 1)
    self.binCount = binCount
    self.temperature = temperature
    random = Philox(seed: seed, stream: 0x7068_6173)
  }

  /// Makes the next frame follow a frame of a recording's STFT.
  ///
  /// - Parameter spectrum: `[bin][re, im]`, centred, as ``STFT`` gives it.
  public mutating func follow(_ spectrum: ArraySlice<Float>) {
    precondition(spectrum.count == 2 * binCount)
    let first = spectrum.startIndex
    var (vectors, magnitudes) = ([Complex](), [Double]())
    for k in 0..<binCount {
      let value = Complex(spectrum[first + 2 * k], spectrum[first + 2 * k + 1])
      let length = value.length
      // Frames are turned to their middle: see `frame`, which turns them back.
      let sign = k % 2 == 0 ? 1.0 : -1
      vectors.append(length > 0 ? value.scaled(sign / length) : Complex(1.0, 0.0))
      magnitudes.append(max(1e-6, length))
    }
    last = (vectors, magnitudes)
  }

  /// - Parameters:
  ///   - steps: `[frame][part][bin]`, the parts being the log-magnitude, real and imaginary part
  ///     of the step in time, real and imaginary part of the step in frequency.
  ///   - noise: `[frame][re, im][time, frequency][bin]` normal deviates; drawn when absent.
  public mutating func push(_ steps: [Float], noise: [Float]? = nil) -> ComplexFrames {
    let (width, noiseWidth) = (5 * binCount, 4 * binCount)
    precondition(steps.count % width == 0)
    let frames = steps.count / width
    precondition(noise.map { $0.count == frames * noiseWidth } ?? true)
    var out = ComplexFrames(
      binCount: binCount, values: [Float](repeating: 0, count: frames * 2 * binCount))
    for t in 0..<frames {
      let drawn = noise == nil ? random.normals([noiseWidth]).floats : []
      steps.withUnsafeBufferPointer { steps in
        (noise ?? drawn).withUnsafeBufferPointer { noise in
          out.values.withUnsafeMutableBufferPointer { out in
            frame(
              steps.baseAddress! + t * width,
              noise.baseAddress! + (drawn.isEmpty ? t * noiseWidth : 0),
              out.baseAddress! + t * 2 * binCount)
          }
        }
      }
    }
    return out
  }

  private mutating func frame(
    _ steps: UnsafePointer<Float>, _ noise: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) {
    let magnitudes = (0..<binCount).map { max(1e-6, exp(Double(steps[$0]))) }
    var system = TridiagonalSystem(count: binCount)
    addStepsInTime(&system, steps, noise, magnitudes)
    addStepsInFrequency(&system, steps, noise, magnitudes)
    let vectors = system.solution().map { $0.scaled(1 / max($0.length, 1e-12)) }
    // n_fft / 2 is the most that samples in -1...1 reach under a Hann window.
    let largest = Double(binCount - 1)
    for k in 0..<binCount {
      let size = min(max(magnitudes[k] - Self.floor, 0), largest) * (k % 2 == 0 ? 1 : -1)
      out[2 * k] = Float(size * vectors[k].re)
      out[2 * k + 1] = Float(size * vectors[k].im)
    }
    last = (vectors, magnitudes)
  }

  /// Terms that tie each bin to the last frame's.
  private func addStepsInTime(
    _ system: inout TridiagonalSystem, _ steps: UnsafePointer<Float>,
    _ noise: UnsafePointer<Float>, _ magnitudes: [Double]
  ) {
    let bins = binCount
    for k in 0..<bins {
      let deviate = Complex(noise[k], noise[2 * bins + k])
      let weight = magnitudes[k] * (last?.magnitudes[k] ?? magnitudes[k])
      system.main[k] = Self.doubt * weight
      system.right[k] = deviate.scaled(Self.doubt * weight / max(deviate.length, 1e-9))
      guard let last else { continue }
      let step = Complex(steps[bins + k], steps[2 * bins + k])
      let length = step.length
      let a = Self.concentration(length)
      // A quarter hop turns bin k by a quarter of a turn, k times.
      let turned = last.vectors[k].quarterTurned(k % 4)
      let target = turned.times(step).scaled(weight * a / max(length, 1e-9))
      system.main[k] += weight * a
      system.right[k] = system.right[k].plus(target)
        .plus(deviate.scaled(weight * temperature * a.squareRoot()))
    }
  }

  /// Terms that tie each bin to its neighbour.
  private func addStepsInFrequency(
    _ system: inout TridiagonalSystem, _ steps: UnsafePointer<Float>,
    _ noise: UnsafePointer<Float>, _ magnitudes: [Double]
  ) {
    let bins = binCount
    for k in 0..<bins - 1 {
      let weight = magnitudes[k] * magnitudes[k + 1]
      let step = Complex(steps[3 * bins + k], steps[4 * bins + k])
      let length = step.length
      let b = Self.slopes * Self.concentration(length)
      let unit = step.scaled(1 / max(length, 1e-9)).conjugate
      let shift = Complex(noise[bins + k], noise[3 * bins + k])
        .scaled(weight * temperature * b.squareRoot())
      system.main[k] += weight * b
      system.main[k + 1] += weight * b
      system.upper[k] = unit.scaled(-weight * b)
      system.right[k + 1] = system.right[k + 1].plus(shift)
      system.right[k] = system.right[k].plus(unit.times(shift).scaled(-1))
    }
  }

  /// Of a von Mises distribution from its mean length, approximately.
  private static func concentration(_ length: Double) -> Double {
    let r = min(length, sure)
    return r * (2 - r * r) / (1 - r * r)
  }
}
