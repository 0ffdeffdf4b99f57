import FoundationEssentials

/// Why a scheduler could not be set up, in one line.
public struct SchedulerError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  init(_ problem: String) { description = "scheduler_config.json: \(problem)" }
}

/// What a network was trained to predict of `x = alpha * data + sigma * noise`.
public enum Prediction: String, Sendable, Decodable {
  case noise = "epsilon"
  case data = "sample"
  /// `alpha * noise - sigma * data` (2202.00512, appendix D).
  case velocity = "v_prediction"
  /// `noise - data`, on the straight path `alpha = 1 - sigma` (2209.03003).
  case flow = "flow_prediction"
}

/// A scheduler's settings by the names of diffusers' `scheduler_config.json`, its defaults included.
///
/// Source: huggingface/diffusers 0.42.1, `schedulers/`.
public struct SchedulerConfig: Sendable {
  public enum Method: String, Sendable, CaseIterable {
    case ddpm = "DDPMScheduler"
    case ddim = "DDIMScheduler"
    case pndm = "PNDMScheduler"
    case dpmSolver = "DPMSolverMultistepScheduler"
    case euler = "EulerDiscreteScheduler"
    case heun = "HeunDiscreteScheduler"
    case flowEuler = "FlowMatchEulerDiscreteScheduler"
  }

  enum Betas: String, Decodable {
    case linear
    /// Linear in the square root (latent diffusion).
    case scaledLinear = "scaled_linear"
    /// 2102.09672, equation 17.
    case cosine = "squaredcos_cap_v2"
  }

  /// Table 2 of 2305.08891.
  enum Spacing: String, Decodable {
    case leading, trailing, linspace
  }

  static let maxTrainSteps = 100_000

  public let method: Method
  public let prediction: Prediction
  let trainSteps: Int
  let betaStart: Double
  let betaEnd: Double
  let betas: Betas
  let spacing: Spacing
  let stepsOffset: Int
  /// Algorithm 1 of 2305.08891.
  let hasZeroTerminalSNR: Bool
  /// 2206.00364, equation 5.
  let usesKarrasSigmas: Bool
  /// Largest magnitude of predicted data; nil when it is not clipped.
  let clip: Float?
  let finalAlphaIsOne: Bool
  /// PNDM: start with linear multistep at once.
  let skipsRungeKutta: Bool
  /// DDPM: the larger of the two variances of 2006.11239, section 3.2.
  let hasLargeVariance: Bool
  /// DPM-Solver: 1 or 2.
  let order: Int
  let usesHeunCorrection: Bool
  let lowersFinalOrder: Bool
  let endsWithEuler: Bool
  let usesFlowSigmas: Bool
  let flowShift: Double
  /// The last step ends at the least noise of training instead of none.
  let endsAtLeastSigma: Bool

  /// The same noise and prediction, sampled by another method.
  ///
  /// - Throws: ``SchedulerError``; also for what a file asks for and is not carried out.
  public init(json: Data, method override: Method? = nil) throws {
    let file: SchedulerFile
    do {
      file = try JSONDecoder().decode(SchedulerFile.self, from: json)
    } catch let error as DecodingError {
      throw SchedulerError("cannot be used: \(Self.place(error))")
    }
    try self.init(file, method: override)
  }

  private init(_ file: SchedulerFile, method override: Method?) throws {
    guard let method = override ?? file.className.flatMap(Method.init(rawValue:)) else {
      let known = Method.allCases.map(\.rawValue).joined(separator: ", ")
      throw SchedulerError("the class \(file.className ?? "(none)") is none of \(known)")
    }
    self.method = method
    try Self.checkSupport(file, method)
    trainSteps = file.trainSteps ?? 1000
    betaStart = file.betaStart ?? (method == .heun ? 0.00085 : 0.0001)
    betaEnd = file.betaEnd ?? (method == .heun ? 0.012 : 0.02)
    betas = file.betas ?? .linear
    let flow: Prediction? = method == .flowEuler ? .flow : nil
    prediction = flow ?? file.prediction ?? .noise
    let leads: Set<Method> = [.ddpm, .ddim, .pndm]
    spacing = file.spacing ?? (leads.contains(method) ? .leading : .linspace)
    stepsOffset = file.stepsOffset ?? 0
    hasZeroTerminalSNR = file.hasZeroTerminalSNR ?? false
    usesKarrasSigmas = file.usesKarrasSigmas ?? false
    let clips = file.clips ?? (method == .ddpm || method == .ddim)
    clip = clips && [.ddpm, .ddim, .heun].contains(method) ? Float(file.clipRange ?? 1) : nil
    finalAlphaIsOne = file.finalAlphaIsOne ?? (method == .ddim)
    skipsRungeKutta = file.skipsRungeKutta ?? false
    hasLargeVariance = file.variance == "fixed_large"
    order = file.order ?? 2
    usesHeunCorrection = file.solver == "heun"
    lowersFinalOrder = file.lowersFinalOrder ?? true
    endsWithEuler = file.endsWithEuler ?? false
    usesFlowSigmas = method == .flowEuler || file.usesFlowSigmas ?? false
    flowShift = (method == .flowEuler ? file.shift : file.flowShift) ?? 1
    endsAtLeastSigma = file.finalSigma == "sigma_min"
    try check()
  }

  private static func checkSupport(_ file: SchedulerFile, _ method: Method) throws {
    let unsupported: [(Bool, String)] = [
      (file.trained?.isNull == false, "trained_betas"),
      (file.thresholds == true, "thresholding"),
      (file.usesExponentialSigmas == true, "use_exponential_sigmas"),
      (file.usesBetaSigmas == true, "use_beta_sigmas"),
      (file.usesLuLambdas == true, "use_lu_lambdas"),
      (file.usesDynamicShifting == true, "use_dynamic_shifting"),
      (method == .flowEuler && file.usesKarrasSigmas == true, "use_karras_sigmas with flows"),
      (
        method == .dpmSolver && (file.algorithm ?? "dpmsolver++") != "dpmsolver++",
        "the algorithm \(file.algorithm ?? "")"
      ),
      (
        method == .ddpm
          && !["fixed_small", "fixed_large"].contains(file.variance ?? "fixed_small"),
        "the variance \(file.variance ?? "")"
      ),
      (!["linear", nil].contains(file.interpolation), "interpolation_type"),
      (!["discrete", nil].contains(file.timestepType), "timestep_type"),
      (file.sigmaMin?.isNull == false || file.sigmaMax?.isNull == false, "sigma_min and sigma_max"),
    ]
    if let found = unsupported.first(where: \.0) {
      throw SchedulerError("\(found.1) is not supported")
    }
  }

  private func check() throws {
    guard (2...Self.maxTrainSteps).contains(trainSteps) else {
      throw SchedulerError("num_train_timesteps \(trainSteps) is not 2 to \(Self.maxTrainSteps)")
    }
    guard betaStart > 0, betaStart <= betaEnd, betaEnd < 1 else {
      throw SchedulerError("betas from \(betaStart) to \(betaEnd) are not between 0 and 1")
    }
    guard (0...trainSteps).contains(stepsOffset) else {
      throw SchedulerError("steps_offset \(stepsOffset) is beyond the training steps")
    }
    guard clip ?? 1 > 0, flowShift > 0, flowShift.isFinite, (1...2).contains(order) else {
      throw SchedulerError("clip range, shift or solver order is out of range (order: 1 or 2)")
    }
    let flows = prediction == .flow
    guard flows == usesFlowSigmas, !flows || [.dpmSolver, .flowEuler].contains(method) else {
      throw SchedulerError("flow_prediction and use_flow_sigmas go together, with a flow's solver")
    }
    guard method != .pndm || prediction == .noise || prediction == .velocity else {
      throw SchedulerError("PNDM takes epsilon or v_prediction")
    }
  }

  private static func place(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context),
      .keyNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "it is no JSON object" : "'\(path)' has a wrong value"
    @unknown default: return "it cannot be decoded"
    }
  }
}

/// The file as it stands.
private struct SchedulerFile: Decodable {
  /// A value of any kind, of which only its absence matters.
  struct Anything: Decodable {
    let isNull: Bool
    init(from decoder: any Decoder) throws {
      isNull = try decoder.singleValueContainer().decodeNil()
    }
  }

  var className: String?
  var trainSteps: Int?
  var betaStart: Double?
  var betaEnd: Double?
  var betas: SchedulerConfig.Betas?
  var trained: Anything?
  var prediction: Prediction?
  var spacing: SchedulerConfig.Spacing?
  var stepsOffset: Int?
  var hasZeroTerminalSNR: Bool?
  var usesKarrasSigmas: Bool?
  var usesExponentialSigmas: Bool?
  var usesBetaSigmas: Bool?
  var usesLuLambdas: Bool?
  var usesDynamicShifting: Bool?
  var clips: Bool?
  var clipRange: Double?
  var thresholds: Bool?
  var finalAlphaIsOne: Bool?
  var skipsRungeKutta: Bool?
  var variance: String?
  var algorithm: String?
  var order: Int?
  var solver: String?
  var lowersFinalOrder: Bool?
  var endsWithEuler: Bool?
  var usesFlowSigmas: Bool?
  var flowShift: Double?
  var shift: Double?
  var finalSigma: String?
  var interpolation: String?
  var timestepType: String?
  var sigmaMin: Anything?
  var sigmaMax: Anything?

  private enum CodingKeys: String, CodingKey {
    case className = "_class_name"
    case trainSteps = "num_train_timesteps"
    case betaStart = "beta_start"
    case betaEnd = "beta_end"
    case betas = "beta_schedule"
    case trained = "trained_betas"
    case prediction = "prediction_type"
    case spacing = "timestep_spacing"
    case stepsOffset = "steps_offset"
    case hasZeroTerminalSNR = "rescale_betas_zero_snr"
    case usesKarrasSigmas = "use_karras_sigmas"
    case usesExponentialSigmas = "use_exponential_sigmas"
    case usesBetaSigmas = "use_beta_sigmas"
    case usesLuLambdas = "use_lu_lambdas"
    case usesDynamicShifting = "use_dynamic_shifting"
    case clips = "clip_sample"
    case clipRange = "clip_sample_range"
    case thresholds = "thresholding"
    case finalAlphaIsOne = "set_alpha_to_one"
    case skipsRungeKutta = "skip_prk_steps"
    case variance = "variance_type"
    case algorithm = "algorithm_type"
    case order = "solver_order"
    case solver = "solver_type"
    case lowersFinalOrder = "lower_order_final"
    case endsWithEuler = "euler_at_final"
    case usesFlowSigmas = "use_flow_sigmas"
    case flowShift = "flow_shift"
    case shift
    case finalSigma = "final_sigmas_type"
    case interpolation = "interpolation_type"
    case timestepType = "timestep_type"
    case sigmaMin = "sigma_min"
    case sigmaMax = "sigma_max"
  }
}
