import Tensors

/// Denoising diffusion implicit models (2010.02502, equation 12).
public struct DDIM: Scheduler {
  public let times: [Float]
  /// Share of the noise of ancestral sampling that each step adds; 0 is deterministic.
  public var eta = 0.0
  private let steps: [Int]
  private let stride: Int
  private let schedule: NoiseSchedule
  private let config: SchedulerConfig

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    self.schedule = schedule
    self.steps = TimeSteps.whole(config, steps)
    stride = config.trainSteps / steps
    times = self.steps.map { Float($0) }
  }

  public mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    let (now, next) = signals(at: index)
    let (alpha, sigma) = (now.squareRoot(), (1 - now).squareRoot())
    var data = config.prediction.data(output, x, alpha: alpha, sigma: sigma)
    let direction = config.prediction.noise(output, x, alpha: alpha, sigma: sigma)
    if let clip = config.clip { data = data.clamped(to: -clip...clip) }
    let added = deviation(at: index)
    let mean = sum(
      (next.squareRoot(), data), (max(1 - next - added * added, 0).squareRoot(), direction))
    return eta > 0 ? sum((1, mean), (added, noise())) : mean
  }

  /// Standard deviation of the noise that the step of call `index` adds.
  public func deviation(at index: Int) -> Double {
    let (now, next) = signals(at: index)
    return eta * max((1 - next) / (1 - now) * (1 - now / next), 0).squareRoot()
  }

  /// The step of call `index` backwards: the noisier `x` before it, from the `x` after it.
  ///
  /// Source: `DDIMInverseScheduler` in huggingface/diffusers (2105.05233, appendix F).
  ///
  /// - Parameter output: the network's answer to the `x` after the step, at the time of call `index`.
  public func inverted(_ x: Tensor, _ output: Tensor, at index: Int) -> Tensor {
    let (now, next) = signals(at: index)
    let (alpha, sigma) = (next.squareRoot(), (1 - next).squareRoot())
    var data = config.prediction.data(output, x, alpha: alpha, sigma: sigma)
    let direction = config.prediction.noise(output, x, alpha: alpha, sigma: sigma)
    if let clip = config.clip { data = data.clamped(to: -clip...clip) }
    return sum((now.squareRoot(), data), ((1 - now).squareRoot(), direction))
  }

  /// The signal at call `index` and after its step.
  func signals(at index: Int) -> (now: Double, next: Double) {
    let next = steps[index] - stride
    let last = config.finalAlphaIsOne ? 1 : schedule.signal[0]
    return (
      Double(schedule.signal[steps[index]]), Double(next >= 0 ? schedule.signal[next] : last)
    )
  }

  public func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    schedule.noised(data, with: noise, at: steps[index])
  }
}
