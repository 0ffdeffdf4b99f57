import Foundation
import Signal
import TestSupport
import Testing

@Suite struct PhaseTests {
  @Test func equalsTheRecipe() throws {
    let reference = try Reference("phases")
    let (steps, noise) = (try reference("steps"), try reference("noise"))
    var integrator = PhaseIntegrator(binCount: 33)
    let frames = integrator.push(steps, noise: noise)
    try expectClose(frames.values, try reference("spectrum"), .block, "spectrum")

    // The same in two blocks.
    integrator = PhaseIntegrator(binCount: 33)
    var parts = integrator.push(Array(steps[..<(5 * 165)]), noise: Array(noise[..<(5 * 132)]))
    parts.append(integrator.push(Array(steps[(5 * 165)...]), noise: Array(noise[(5 * 132)...])))
    #expect(parts == frames)
  }

  /// The exact steps of a steady tone between two bins give the tone back, far from buzzing.
  @Test func sureStepsGiveASteadyTone() throws {
    let stft = try STFT(STFTLayout(fftSize: 2048, hopSamples: 512))
    let tone = (0..<44_100).map { Float(0.5 * sin(2 * Double.pi * 437.3 * Double($0) / 44_100)) }
    let truth = stft(tone)
    var integrator = PhaseIntegrator(binCount: 1025, temperature: 0)
    let made = integrator.push(exactSteps(of: truth))
    let sound = stft.inverse(made, sampleCount: tone.count)
    // Equal up to a shift in time: fit sine and cosine away from the ends, look at what is left.
    let middle = 4096..<40_000
    var (a, b, energy) = (0.0, 0.0, 0.0)
    for i in middle {
      let angle = 2 * Double.pi * 437.3 * Double(i) / 44_100
      a += Double(sound[i]) * sin(angle)
      b += Double(sound[i]) * cos(angle)
      energy += Double(sound[i] * sound[i])
    }
    let explained = 2 * (a * a + b * b) / Double(middle.count)
    #expect(explained / energy > 0.999)
  }

  private func exactSteps(of frames: ComplexFrames) -> [Float] {
    let bins = frames.binCount
    var steps = [Float](repeating: 0, count: 5 * bins * frames.frameCount)
    func unit(_ t: Int, _ k: Int) -> (Double, Double) {
      let at = 2 * (t * bins + k)
      let (re, im) = (Double(frames.values[at]), Double(frames.values[at + 1]))
      let length = max(1e-12, (re * re + im * im).squareRoot()) * (k % 2 == 0 ? 1 : -1)
      return (re / length, im / length)
    }
    /// a times the conjugate of b, turned back by `quarters` quarters.
    func step(_ a: (Double, Double), _ b: (Double, Double), _ quarters: Int) -> (Float, Float) {
      let (re, im) = (a.0 * b.0 + a.1 * b.1, a.1 * b.0 - a.0 * b.1)
      return switch quarters {
      case 0: (Float(re), Float(im))
      case 1: (Float(im), Float(-re))
      case 2: (Float(-re), Float(-im))
      default: (Float(-im), Float(re))
      }
    }
    let magnitudes = frames.magnitudes()
    for t in 0..<frames.frameCount {
      for k in 0..<bins {
        let row = 5 * bins * t + k
        steps[row] = log(magnitudes[t * bins + k] + 2e-4)
        if t > 0 {
          (steps[row + bins], steps[row + 2 * bins]) = step(unit(t, k), unit(t - 1, k), k % 4)
        }
        if k < bins - 1 {
          (steps[row + 3 * bins], steps[row + 4 * bins]) = step(unit(t, k + 1), unit(t, k), 0)
        }
      }
    }
    return steps
  }
}
