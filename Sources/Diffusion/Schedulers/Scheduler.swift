import Foundation
import Tensors

/// A sampler of a diffusion model: says when the network is asked and what becomes of its answers.
///
/// `x` and all else have the network's shape; calls are numbered from 0. A multistep method
/// remembers earlier answers, so that a value serves one sampling from its first call to its last.
public protocol Scheduler: Sendable {
  /// Times of the network's calls, in order, on the scale of its training steps.
  var times: [Float] { get }
  /// Standard deviation of the noise that sampling starts from.
  var initialSigma: Float { get }

  /// What the network is given for `x` at call `index`.
  func input(_ x: Tensor, at index: Int) -> Tensor

  /// The next `x`.
  ///
  /// - Parameters:
  ///   - output: the network's answer to call `index`.
  ///   - noise: standard normal numbers of the same shape; asked for by stochastic methods only.
  mutating func step(_ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor) -> Tensor

  /// Data with as much noise as `x` has at call `index`.
  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor
}

extension Scheduler {
  public func input(_ x: Tensor, at index: Int) -> Tensor { x }
  public var initialSigma: Float { 1 }

  /// Samples from `x`: noise of ``initialSigma``, or what ``noised(_:with:at:)`` gives for `start`.
  ///
  /// - Parameters:
  ///   - start: the first call that is made.
  ///   - random: the noise of stochastic methods.
  ///   - network: the network's answer to an input at a time; may throw, for instance when it is
  ///     cancelled.
  public mutating func sample(
    from x: Tensor, start: Int = 0, random: inout Philox,
    network: (Tensor, Float) throws -> Tensor
  ) rethrows -> Tensor {
    var x = x
    for index in start..<times.count {
      let output = try network(input(x, at: index), times[index])
      x = step(x, output, at: index) { random.normals(x.shape) }
    }
    return x
  }
}

extension SchedulerConfig {
  /// The sampler for a number of steps.
  ///
  /// - Throws: ``SchedulerError`` when the training has fewer steps.
  public func scheduler(steps: Int) throws -> any Scheduler {
    try check(steps: steps)
    let schedule = NoiseSchedule(self)
    switch method {
    case .ddpm: return DDPM(self, schedule, steps: steps)
    case .ddim: return DDIM(self, schedule, steps: steps)
    case .pndm:
      guard skipsRungeKutta || steps >= 4 else {
        throw SchedulerError("PNDM with Runge-Kutta steps needs 4 steps or more")
      }
      return PNDM(self, schedule, steps: steps)
    case .dpmSolver: return DPMSolver(self, schedule, steps: steps)
    case .euler: return Euler(self, schedule, steps: steps)
    case .heun: return Heun(self, schedule, steps: steps)
    case .flowEuler: return FlowEuler(self, steps: steps)
    }
  }

  /// The same noise sampled by DDIM, which can be run backwards.
  ///
  /// - Throws: ``SchedulerError``; also for a model of a flow, which has no such noise.
  public func ddim(steps: Int) throws -> DDIM {
    try check(steps: steps)
    guard prediction != .flow else {
      throw SchedulerError("a model of a flow cannot be inverted by DDIM")
    }
    return DDIM(self, NoiseSchedule(self), steps: steps)
  }

  private func check(steps: Int) throws {
    guard (1...trainSteps).contains(steps) else {
      throw SchedulerError("\(steps) steps asked for, the training had \(trainSteps)")
    }
    guard (TimeSteps.whole(self, steps).first ?? 0) < trainSteps else {
      throw SchedulerError("steps_offset leads beyond the training with \(steps) steps")
    }
  }
}

extension Prediction {
  /// The data that an answer stands for.
  func data(_ output: Tensor, _ x: Tensor, alpha: Double, sigma: Double) -> Tensor {
    switch self {
    case .noise: sum((1 / alpha, x), (-sigma / alpha, output))
    case .data: output
    case .velocity: sum((alpha, x), (-sigma, output))
    case .flow: sum((1, x), (-sigma, output))
    }
  }

  /// The noise that an answer stands for.
  func noise(_ output: Tensor, _ x: Tensor, alpha: Double, sigma: Double) -> Tensor {
    switch self {
    case .noise: output
    case .data: sum((1 / sigma, x), (-alpha / sigma, output))
    case .velocity: sum((alpha, output), (sigma, x))
    case .flow: sum((1, x), (alpha, output))
    }
  }
}

/// A weighted sum of tensors of one shape.
func sum(_ terms: (weight: Double, tensor: Tensor)...) -> Tensor {
  var out = terms[0].tensor.asFloat32()
  out.combine(0, out, Float(terms[0].weight))
  for term in terms.dropFirst() { out.combine(Float(term.weight), term.tensor, 1) }
  return out
}
