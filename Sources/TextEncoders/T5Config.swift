import Foundation

/// The part of a published T5 `config.json` that the encoder needs.
public struct T5Config: Sendable, Equatable, Decodable {
  public let vocabulary: Int
  /// Width of the states.
  public let dim: Int
  public let headSize: Int
  public let hidden: Int
  public let layers: Int
  public let heads: Int
  public let buckets: Int
  public let maxDistance: Int
  public let epsilon: Float
  public let feedForward: FeedForward
  public let padToken: Int

  /// The two-layer network of a block.
  public enum FeedForward: String, Sendable, Decodable {
    /// `wo(relu(wi x))`, v1.0.
    case relu
    /// `wo(gelu(wi_0 x) * wi_1 x)` with GELU by its tanh approximation, v1.1 and flan.
    case gatedGELU = "gated-gelu"
    /// `wo(silu(wi_0 x) * wi_1 x)`.
    case gatedSiLU = "gated-silu"
  }

  private enum CodingKeys: String, CodingKey {
    case vocabulary = "vocab_size"
    case dim = "d_model"
    case headSize = "d_kv"
    case hidden = "d_ff"
    case layers = "num_layers"
    case heads = "num_heads"
    case buckets = "relative_attention_num_buckets"
    case maxDistance = "relative_attention_max_distance"
    case epsilon = "layer_norm_epsilon"
    case feedForward = "feed_forward_proj"
    case padToken = "pad_token_id"
  }

  /// Decodes the published names; what T5's first configs leave out has the values of v1.0.
  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: CodingKeys.self)
    func size(_ key: CodingKeys, _ fallback: Int? = nil) throws -> Int {
      let value = try c.decodeIfPresent(Int.self, forKey: key) ?? fallback
      guard let value else {
        throw DecodingError.keyNotFound(
          key, .init(codingPath: c.codingPath, debugDescription: "no size"))
      }
      guard (1...1_000_000).contains(value) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: c, debugDescription: "'\(key.stringValue)' must be from 1 to 1000000")
      }
      return value
    }
    vocabulary = try size(.vocabulary)
    dim = try size(.dim)
    headSize = try size(.headSize)
    hidden = try size(.hidden)
    layers = try size(.layers)
    heads = try size(.heads)
    buckets = try size(.buckets, 32)
    maxDistance = try size(.maxDistance, 128)
    epsilon = try c.decodeIfPresent(Float.self, forKey: .epsilon) ?? 1e-6
    feedForward = try c.decodeIfPresent(FeedForward.self, forKey: .feedForward) ?? .relu
    padToken = try c.decodeIfPresent(Int.self, forKey: .padToken) ?? 0
  }

  /// Reads `config.json`.
  ///
  /// - Throws: ``T5Error/config(file:problem:)``
  public init(contentsOf url: URL) throws {
    do {
      self = try JSONDecoder().decode(T5Config.self, from: Data(contentsOf: url))
    } catch {
      throw T5Error.config(file: url.path, problem: Self.reason(error))
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      context.debugDescription
    default: error.localizedDescription
    }
  }
}

/// What can be wrong with a T5 encoder's config.
public enum T5Error: Error, Equatable, CustomStringConvertible {
  case config(file: String, problem: String)

  public var description: String {
    switch self {
    case .config(let file, let problem):
      "\(file) is no T5 config: \(problem); fetch it again from where the weights came"
    }
  }
}
