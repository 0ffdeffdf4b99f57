import Checkpoints
import Diffusion
import Foundation
import Tensors
import TestSupport
import Testing

/// Whole trajectories of diffusers' schedulers (Tests/Fixtures/make_schedulers.py).
@Suite struct SchedulerTests {
  /// Largest difference of any number, relative to the largest of its state.
  static let tolerance = Tolerance(relative: 1e-4, scaled: 2e-5)

  private struct Case {
    let config: Data
    let steps: Int
    let eta: Double
  }

  private static func cases() throws -> [Case] {
    let file = try JSONValue(file: Fixtures.url("schedulers/cases.json").path, maxBytes: 1 << 20)
    return try (file.array ?? []).map {
      let config = try #require($0["config"])
      let steps = try #require($0["steps"]?.integer)
      guard case .number(let eta) = $0["eta"] else { throw Mismatch.noEta }
      return Case(config: Data(config.text.utf8), steps: steps, eta: eta)
    }
  }

  private enum Mismatch: Error { case noEta }

  private func network(_ x: Tensor, _ t: Float) throws -> Tensor {
    let values = x.floats.enumerated().map {
      0.6 * $0.element + Float(0.2 * cos(0.01 * Double(t) + Double($0.offset)))
    }
    return try Tensor(values, shape: x.shape)
  }

  @Test func stepsAsDiffusersDoes() throws {
    let file = try Fixtures.tensors("schedulers/trajectories.safetensors")
    let cases = try Self.cases()
    #expect(cases.count == 29)
    for (number, item) in cases.enumerated() {
      let name = "case \(number) \(String(decoding: item.config, as: UTF8.self))"
      let config = try SchedulerConfig(json: item.config)
      var scheduler = try config.scheduler(steps: item.steps)
      if var ddim = scheduler as? DDIM {
        ddim.eta = item.eta
        scheduler = ddim
      }
      func tensor(_ part: String) throws -> Tensor { try file.tensor("\(number).\(part)") }
      try expectClose(scheduler.times, try tensor("times").floats, .layer, name + " times")
      try expectClose([scheduler.initialSigma], [try tensor("sigma").scalar], .layer, name)
      let (states, inputs, noised) = (
        try tensor("states"), try tensor("inputs"), try tensor("noised")
      )
      let (data, noise) = (try tensor("data"), try tensor("noise"))
      let added = try? tensor("steps")
      var x = states[0]
      for index in scheduler.times.indices {
        let given = scheduler.input(x, at: index)
        try expectClose(given, inputs[index], Self.tolerance, "\(name) input \(index)")
        let output = try network(given, scheduler.times[index])
        x = scheduler.step(x, output, at: index) { added?[index] ?? data }
        try expectClose(x, states[index + 1], Self.tolerance, "\(name) step \(index)")
        let mixed = scheduler.noised(data, with: noise, at: index)
        try expectClose(mixed, noised[index], Self.tolerance, "\(name) noised \(index)")
      }
    }
  }

  @Test func samplingMakesAllSteps() throws {
    let config = try SchedulerConfig(json: Data(#"{"_class_name": "DDIMScheduler"}"#.utf8))
    var calls: [Float] = []
    var (scheduler, random) = (try config.scheduler(steps: 5), Philox(seed: 1))
    let made = scheduler.sample(from: random.normals([1, 3]), start: 2, random: &random) { x, t in
      calls.append(t)
      return x
    }
    #expect(calls == [400, 200, 0] && made.shape == [1, 3])
  }

  @Test(arguments: [
    (#"{"_class_name": "LCMScheduler"}"#, "LCMScheduler"),
    (#"{}"#, "(none)"),
    (#"[]"#, "no JSON object"),
    (#"{"_class_name": "DDIMScheduler", "num_train_timesteps": 1e12}"#, "is not 2 to"),
    (#"{"_class_name": "DDIMScheduler", "num_train_timesteps": "x"}"#, "num_train_timesteps"),
    (#"{"_class_name": "DDIMScheduler", "beta_end": 1.5}"#, "betas"),
    (#"{"_class_name": "DDIMScheduler", "beta_schedule": "sigmoid"}"#, "beta_schedule"),
    (#"{"_class_name": "DDIMScheduler", "trained_betas": [0.1]}"#, "trained_betas"),
    (#"{"_class_name": "DDIMScheduler", "thresholding": true}"#, "thresholding"),
    (#"{"_class_name": "PNDMScheduler", "prediction_type": "sample"}"#, "PNDM"),
    (#"{"_class_name": "EulerDiscreteScheduler", "prediction_type": "flow_prediction"}"#, "flow"),
    (#"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3}"#, "order"),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}"#, "algorithm"
    ),
    (#"{"_class_name": "DDPMScheduler", "variance_type": "learned"}"#, "variance"),
  ])
  func refusesWhatItDoesNotCarryOut(json: String, words: String) throws {
    let error = try #require(throws: SchedulerError.self) {
      try SchedulerConfig(json: Data(json.utf8))
    }
    #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
  }

  @Test func refusesStepsBeyondTheTraining() throws {
    let config = try SchedulerConfig(
      json: Data(#"{"_class_name": "DDIMScheduler", "num_train_timesteps": 10}"#.utf8))
    #expect(throws: SchedulerError.self) { try config.scheduler(steps: 11) }
    #expect(throws: SchedulerError.self) { try config.scheduler(steps: 0) }
    let offset = #"{"_class_name": "DDIMScheduler", "num_train_timesteps": 10, "steps_offset": 1}"#
    let shifted = try SchedulerConfig(json: Data(offset.utf8))
    #expect(throws: SchedulerError.self) { try shifted.scheduler(steps: 10) }
  }
}
