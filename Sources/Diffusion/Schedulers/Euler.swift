import Tensors

/// Euler's method on the probability flow in `sigma / alpha` (2206.00364, algorithm 2 without churn).
struct Euler: Scheduler {
  let times: [Float]
  let initialSigma: Float
  private let table: SigmaTable
  private let config: SchedulerConfig

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    table = SigmaTable(config, schedule, steps: steps)
    times = table.times
    initialSigma = table.initialSigma(config)
  }

  func input(_ x: Tensor, at index: Int) -> Tensor { x.scaledDown(by: table.sigmas[index]) }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    let (now, next) = (table.sigmas[index], table.sigmas[index + 1])
    let slope = config.slope(output, x, at: now)
    return sum((1, x), (next - now, slope))
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    sum((1, data), (table.sigmas[index], noise))
  }
}

/// Heun's method (2206.00364, algorithm 1 without churn): each step but the last asks at both ends.
struct Heun: Scheduler {
  let times: [Float]
  let initialSigma: Float
  private let table: SigmaTable
  private let config: SchedulerConfig
  /// Where the step began, and the slope there.
  private var begun: (x: Tensor, slope: Tensor)?

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    table = SigmaTable(config, schedule, steps: steps)
    times = [table.times[0]] + table.times.dropFirst().flatMap { [$0, $0] }
    initialSigma = table.initialSigma(config)
  }

  /// Place in the table of the noise at call `index`.
  private func place(_ index: Int) -> Int { (index + 1) / 2 }

  func input(_ x: Tensor, at index: Int) -> Tensor { x.scaledDown(by: table.sigmas[place(index)]) }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    let at = place(index)
    let slope = config.slope(output, x, at: table.sigmas[at])
    if let begun {
      self.begun = nil
      let half = (table.sigmas[at] - table.sigmas[at - 1]) / 2
      return sum((1, begun.x), (half, begun.slope), (half, slope))
    }
    if index + 1 < times.count { begun = (x, slope) }
    return sum((1, x), (table.sigmas[at + 1] - table.sigmas[at], slope))
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    sum((1, data), (table.sigmas[place(index)], noise))
  }
}

/// Euler's method on a straight flow from noise at 1 to data at 0 (2209.03003), as published flow
/// models count time; their networks answer `noise - data`.
struct FlowEuler: Scheduler {
  let times: [Float]
  private let sigmas: [Double]

  init(_ config: SchedulerConfig, steps: Int) {
    let table = SigmaTable(flow: config, steps: steps)
    (sigmas, times) = (table.sigmas, table.times)
  }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    sum((1, x), (sigmas[index + 1] - sigmas[index], output))
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    sum((1 - sigmas[index], data), (sigmas[index], noise))
  }
}

extension SigmaTable {
  fileprivate func initialSigma(_ config: SchedulerConfig) -> Float {
    let largest = sigmas.max() ?? 1
    return Float(config.spacing == .leading ? (largest * largest + 1).squareRoot() : largest)
  }
}

extension Tensor {
  /// `x` of unit data and noise of `sigma`, brought to unit variance.
  fileprivate func scaledDown(by sigma: Double) -> Tensor {
    sum((1 / (sigma * sigma + 1).squareRoot(), self))
  }
}

extension SchedulerConfig {
  /// `d x / d sigma` at `x = data + sigma * noise`.
  fileprivate func slope(_ output: Tensor, _ x: Tensor, at sigma: Double) -> Tensor {
    let root = (sigma * sigma + 1).squareRoot()
    var data: Tensor
    switch prediction {
    case .noise, .flow: data = sum((1, x), (-sigma, output))
    case .data: data = output
    case .velocity: data = sum((1 / (root * root), x), (-sigma / root, output))
    }
    if let clip { data = data.clamped(to: -clip...clip) }
    return sum((1 / sigma, x), (-1 / sigma, data))
  }
}
