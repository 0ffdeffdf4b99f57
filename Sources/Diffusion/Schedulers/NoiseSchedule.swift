import Foundation

/// The noise of each training step: `x = alpha * data + sigma * noise` with
/// `alpha^2 = signal[t]`, `sigma^2 = 1 - signal[t]`.
///
/// Computed in single precision where diffusers does, since `1 - signal` near 0 keeps few digits.
struct NoiseSchedule: Sendable {
  /// The product of `1 - beta` up to each step, `[trainSteps]`.
  private(set) var signal: [Float]

  init(_ config: SchedulerConfig) {
    var betas = Self.betas(config)
    if config.hasZeroTerminalSNR { betas = Self.withZeroTerminalSNR(betas) }
    var product = 1.0
    signal = betas.map {
      product *= Double(1 - $0)
      return Float(product)
    }
  }

  /// Ratio of noise to signal, `sigma / alpha`, at each training step.
  ///
  /// - Parameter floor: the least signal, so that no ratio is infinite.
  func ratios(floor: Float = 0) -> [Double] {
    signal.map { s in
      let s = max(s, floor)
      return Double(((1 - s) / s).squareRoot())
    }
  }

  /// Half precision's smallest number: what solvers in `sigma / alpha` take for no signal at all.
  static let leastSignal: Float = 0x1p-24

  private static func betas(_ config: SchedulerConfig) -> [Float] {
    let count = config.trainSteps
    switch config.betas {
    case .linear: return line(from: config.betaStart, to: config.betaEnd, count: count)
    case .scaledLinear:
      return line(
        from: config.betaStart.squareRoot(), to: config.betaEnd.squareRoot(), count: count
      )
      .map { $0 * $0 }
    case .cosine:
      func level(_ step: Int) -> Double {
        let c = cos((Double(step) / Double(count) + 0.008) / 1.008 * .pi / 2)
        return c * c
      }
      return (0..<count).map { Float(min(1 - level($0 + 1) / level($0), 0.999)) }
    }
  }

  /// `count` equal steps, from both ends to the middle.
  private static func line(from start: Double, to end: Double, count: Int) -> [Float] {
    let step = (Float(end) - Float(start)) / Float(count - 1)
    return (0..<count).map {
      $0 < count / 2 ? Float(start) + step * Float($0) : Float(end) - step * Float(count - 1 - $0)
    }
  }

  /// Shifts and stretches `sqrt(signal)` so that its last value is 0 and its first stays.
  private static func withZeroTerminalSNR(_ betas: [Float]) -> [Float] {
    var product = 1.0
    var roots = betas.map { beta -> Float in
      product *= Double(1 - beta)
      return Float(product).squareRoot()
    }
    let (first, last) = (roots[0], roots[roots.count - 1])
    roots = roots.map { ($0 - last) * (first / (first - last)) }
    let signal = roots.map { $0 * $0 }
    return signal.indices.map { 1 - ($0 == 0 ? signal[0] : signal[$0] / signal[$0 - 1]) }
  }
}

/// The times at which a sampler calls its network.
enum TimeSteps {
  /// Whole steps of the training's scale, last first (Table 2 of 2305.08891).
  static func whole(_ config: SchedulerConfig, _ steps: Int) -> [Int] {
    let train = config.trainSteps
    switch config.spacing {
    case .linspace:
      return line(to: train - 1, count: steps).reversed().map { Int($0.rounded(.toNearestOrEven)) }
    case .leading:
      return (0..<steps).reversed().map { $0 * (train / steps) + config.stepsOffset }
    case .trailing:
      return trailing(from: train, train, steps)
    }
  }

  /// `count` numbers from 0 to `end`.
  static func line(to end: Int, count: Int) -> [Double] {
    (0..<count).map { count == 1 ? 0 : Double(end) * Double($0) / Double(count - 1) }
  }

  /// From `top` downward by the ratio of both numbers of steps, each less 1.
  static func trailing(from top: Int, _ train: Int, _ steps: Int) -> [Int] {
    let ratio = Double(train) / Double(steps)
    let count = Int((Double(top) / ratio).rounded(.up))
    return (0..<count).map {
      Int((Double(top) - Double($0) * ratio).rounded(.toNearestOrEven)) - 1
    }
  }
}

/// Noise ratios and times of a sampler that steps in `sigma / alpha`.
struct SigmaTable: Sendable {
  /// One more than the times: the last step ends at the last.
  var sigmas: [Double]
  var times: [Float]

  /// Linear interpolation in the training's ratios.
  static func interpolate(_ ratios: [Double], at time: Double) -> Double {
    let low = min(max(Int(time), 0), ratios.count - 1)
    let high = min(low + 1, ratios.count - 1)
    return ratios[low] + (ratios[high] - ratios[low]) * min(max(time - Double(low), 0), 1)
  }

  /// From the largest to the smallest ratio, equal steps of the seventh root (2206.00364).
  static func karras(from largest: Double, to smallest: Double, count: Int) -> [Double] {
    let (top, bottom) = (pow(largest, 1 / 7), pow(smallest, 1 / 7))
    return TimeSteps.line(to: 1, count: count).map { pow(top + $0 * (bottom - top), 7) }
  }

  /// The time of a ratio, interpolated in its logarithm (which diffusers has in single precision:
  /// the result may be cut to a whole number).
  static func time(of sigma: Double, in ratios: [Double]) -> Double {
    let value = log(max(sigma, 1e-10))
    let known = ratios.map { Double(Float(log($0))) }
    let low = min(known.lastIndex { value >= $0 } ?? 0, known.count - 2)
    let share = min(max((known[low] - value) / (known[low] - known[low + 1]), 0), 1)
    return Double(low) + share
  }

  /// For Euler's and Heun's methods.
  init(_ config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    let ratios = schedule.ratios(floor: config.hasZeroTerminalSNR ? NoiseSchedule.leastSignal : 0)
    var times =
      config.spacing == .linspace
      ? TimeSteps.line(to: config.trainSteps - 1, count: steps).reversed().map { Double(Float($0)) }
      : TimeSteps.whole(config, steps).map(Double.init)
    var sigmas = times.map { Self.interpolate(ratios, at: $0) }
    if config.usesKarrasSigmas, let largest = sigmas.first, let smallest = sigmas.last {
      sigmas = Self.karras(from: largest, to: smallest, count: times.count)
      times = sigmas.map { Self.time(of: $0, in: ratios) }
    }
    self.sigmas = sigmas + [config.endsAtLeastSigma ? ratios[0] : 0]
    self.times = times.map { Float($0) }
  }

  /// For DPM-Solver, which spaces its steps as if there were one more.
  init(solver config: SchedulerConfig, _ schedule: NoiseSchedule, steps: Int) {
    let ratios = schedule.ratios(floor: config.hasZeroTerminalSNR ? NoiseSchedule.leastSignal : 0)
    let train = config.trainSteps
    var times: [Double]
    var sigmas: [Double]
    if config.usesFlowSigmas {
      let shift = config.flowShift
      let plain = TimeSteps.line(to: 1, count: steps + 1).map { $0 * (1 - 1 / Double(train)) }
      sigmas = plain.map { shift * $0 / (1 + (shift - 1) * $0) }.reversed().dropLast()
      times = sigmas.map { ($0 * Double(train)).rounded(.down) }
    } else if config.usesKarrasSigmas {
      sigmas = Self.karras(from: ratios[train - 1], to: ratios[0], count: steps)
      times = sigmas.map { Self.time(of: $0, in: ratios) }
      times = times.map {
        config.betas == .cosine ? $0.rounded(.down) : $0.rounded(.toNearestOrEven)
      }
    } else {
      switch config.spacing {
      case .linspace:
        times = TimeSteps.line(to: train - 1, count: steps + 1).reversed().dropLast()
          .map { $0.rounded(.toNearestOrEven) }
      case .leading:
        times = (1...steps).reversed().map {
          Double($0 * (train / (steps + 1)) + config.stepsOffset)
        }
      case .trailing: times = TimeSteps.trailing(from: train, train, steps).map(Double.init)
      }
      sigmas = times.map { Self.interpolate(ratios, at: $0) }
    }
    self.sigmas = sigmas + [config.endsAtLeastSigma ? ratios[0] : 0]
    self.times = times.map { Float($0) }
  }

  /// For a straight flow: from 1 to the least noise of training, shifted (2403.03206, equation 23).
  init(flow config: SchedulerConfig, steps: Int) {
    let train = Double(config.trainSteps)
    func shifted(_ sigma: Double) -> Double {
      config.flowShift * sigma / (1 + (config.flowShift - 1) * sigma)
    }
    let least = shifted(1 / train)
    sigmas = TimeSteps.line(to: 1, count: steps).map { shifted(1 + $0 * (least - 1)) } + [0]
    times = sigmas.dropLast().map { Float($0 * train) }
  }
}
