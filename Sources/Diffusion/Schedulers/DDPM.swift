import Tensors

/// Ancestral sampling (2006.11239, algorithm 2), with fewer steps than the training had.
struct DDPM: Scheduler {
  let times: [Float]
  private let steps: [Int]
  private let schedule: NoiseSchedule
  private let config: SchedulerConfig

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    self.schedule = schedule
    self.steps = TimeSteps.whole(config, steps)
    times = self.steps.map { Float($0) }
  }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    let now = Double(schedule.signal[steps[index]])
    let next = index + 1 < steps.count ? Double(schedule.signal[steps[index + 1]]) : 1
    var data = config.prediction.data(
      output, x, alpha: now.squareRoot(), sigma: (1 - now).squareRoot())
    if let clip = config.clip { data = data.clamped(to: -clip...clip) }
    let beta = 1 - now / next
    // Equation 7.
    let mean = sum(
      (next.squareRoot() * beta / (1 - now), data),
      ((now / next).squareRoot() * (1 - next) / (1 - now), x))
    guard steps[index] > 0 else { return mean }
    let variance = config.hasLargeVariance ? beta : max((1 - next) / (1 - now) * beta, 1e-20)
    return sum((1, mean), (variance.squareRoot(), noise()))
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    schedule.noised(data, with: noise, at: steps[index])
  }
}

extension NoiseSchedule {
  /// Data with the noise of a training step.
  func noised(_ data: Tensor, with noise: Tensor, at step: Int) -> Tensor {
    let signal = Double(signal[step])
    return sum((signal.squareRoot(), data), ((1 - signal).squareRoot(), noise))
  }
}
