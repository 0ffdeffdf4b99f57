import Tensors

/// Pseudo numerical methods (2202.09778): Runge-Kutta for the first three steps, then linear
/// multistep (PLMS); or, as latent diffusion has it, PLMS from the first step on, which is then
/// made twice.
struct PNDM: Scheduler {
  let times: [Float]
  private let calls: [Int]
  private let rungeKuttaCalls: Int
  private let stride: Int
  private let schedule: NoiseSchedule
  private let config: SchedulerConfig

  private var made = 0
  /// The last answers, newest last.
  private var outputs: [Tensor] = []
  /// Where a step that takes several calls began.
  private var base: Tensor?
  /// The weighted answers of a Runge-Kutta step so far.
  private var weighted: Tensor?

  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    self.config = config
    self.schedule = schedule
    stride = config.trainSteps / steps
    let down = TimeSteps.whole(config, steps)
    if config.skipsRungeKutta {
      calls = [down[0]] + (down.count > 1 ? [down[1]] : []) + down.dropFirst()
      rungeKuttaCalls = 0
    } else {
      // Each of the first three steps asks at its start, twice at its middle, and at its end.
      let half = stride / 2
      let ladder = down[..<4].flatMap { [$0 + half, $0] }.dropFirst()
      let doubled = ladder.flatMap { [$0, $0] }.dropFirst().dropLast()
      calls = Array(doubled + down[3...])
      rungeKuttaCalls = doubled.count
    }
    times = calls.map { Float($0) }
  }

  mutating func step(
    _ x: Tensor, _ output: Tensor, at index: Int, noise: () -> Tensor
  ) -> Tensor {
    defer { made += 1 }
    return made < rungeKuttaCalls
      ? rungeKutta(x, output, at: index) : multistep(x, output, at: index)
  }

  private mutating func rungeKutta(_ x: Tensor, _ output: Tensor, at index: Int) -> Tensor {
    let start = calls[made / 4 * 4]
    let end = calls[index] - (made % 2 == 0 ? stride / 2 : 0)
    var direction = output
    switch made % 4 {
    case 0:
      weighted = sum((1.0 / 6, output))
      outputs.append(output)
      base = x
    case 1, 2: weighted = weighted.map { sum((1, $0), (1.0 / 3, output)) }
    default: direction = weighted.map { sum((1, $0), (1.0 / 6, output)) } ?? output
    }
    return move(base ?? x, direction, from: start, to: end)
  }

  private mutating func multistep(_ x: Tensor, _ output: Tensor, at index: Int) -> Tensor {
    var (start, end) = (calls[index], calls[index] - stride)
    var from = x
    if made == 1 {
      // The first step once more, with the mean of both answers.
      (start, end) = (start + stride, start)
    } else {
      outputs = outputs.suffix(3) + [output]
    }
    let e = outputs
    let direction: Tensor
    switch (e.count, made) {
    case (1, 0):
      direction = output
      base = x
    case (1, _):
      direction = sum((0.5, output), (0.5, e[0]))
      from = base ?? x
      base = nil
    case (2, _): direction = sum((1.5, e[1]), (-0.5, e[0]))
    case (3, _): direction = sum((23.0 / 12, e[2]), (-16.0 / 12, e[1]), (5.0 / 12, e[0]))
    default:
      direction = sum(
        (55.0 / 24, e[3]), (-59.0 / 24, e[2]), (37.0 / 24, e[1]), (-9.0 / 24, e[0]))
    }
    return move(from, direction, from: start, to: end)
  }

  /// Equation 9.
  private func move(_ x: Tensor, _ output: Tensor, from start: Int, to end: Int) -> Tensor {
    let now = signal(start)
    let next = signal(end)
    let noise = config.prediction.noise(
      output, x, alpha: now.squareRoot(), sigma: (1 - now).squareRoot())
    let divisor = now * (1 - next).squareRoot() + (now * (1 - now) * next).squareRoot()
    return sum(((next / now).squareRoot(), x), (-(next - now) / divisor, noise))
  }

  private func signal(_ step: Int) -> Double {
    guard step < 0 else { return Double(schedule.signal[min(step, schedule.signal.count - 1)]) }
    return config.finalAlphaIsOne ? 1 : Double(schedule.signal[0])
  }

  func noised(_ data: Tensor, with noise: Tensor, at index: Int) -> Tensor {
    schedule.noised(data, with: noise, at: calls[index])
  }
}
