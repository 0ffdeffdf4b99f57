import Foundation
import Tensors

/// DPM-Solver++ of first or second order, multistep (2211.01095, algorithm 2).
struct DPMSolver: Scheduler {
  let times: [Float]
  private let sigmas: [Double]
  private let config: SchedulerConfig
  private var previous: Tensor?

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    let table = SigmaTable(solver: config, schedule, steps: steps)
    (sigmas, times) = (table.sigmas, table.times)
  }

  /// Signal and noise at place `index` of the table.
  private func level(_ index: Int) -> (alpha: Double, sigma: Double) {
    let ratio = sigmas[index]
    if config.usesFlowSigmas { return (1 - ratio, ratio) }
    let alpha = 1 / (ratio * ratio + 1).squareRoot()
    return (alpha, ratio * alpha)
  }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    let (now, next) = (level(index), level(index + 1))
    let data = config.prediction.data(output, x, alpha: now.alpha, sigma: now.sigma)
    defer { previous = data }
    let isLast = index == times.count - 1
    let endsLow =
      isLast
      && (config.endsWithEuler || config.lowersFinalOrder && times.count < 15
        || !config.endsAtLeastSigma)
    let h = log(next.alpha / next.sigma) - log(now.alpha / now.sigma)
    let decay = next.alpha * (exp(-h) - 1)
    let keep = next.sigma / now.sigma
    guard config.order == 2, let previous, !endsLow else {
      return sum((keep, x), (-decay, data))
    }
    let before = level(index - 1)
    let h0 = log(now.alpha / now.sigma) - log(before.alpha / before.sigma)
    let slope = h / h0
    let correction =
      config.usesHeunCorrection ? next.alpha * ((exp(-h) - 1) / h + 1) : -0.5 * decay
    return sum(
      (keep, x), (-decay + correction * slope, data), (-correction * slope, previous))
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    let level = level(index)
    return sum((level.alpha, data), (level.sigma, noise))
  }
}
