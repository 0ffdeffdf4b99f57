/// Sizes of ``BERTEncoder``, by the names of `BertConfig` in huggingface/transformers.
public struct BERTConfig: Sendable, Equatable {
  public let vocabulary: Int
  /// Width of the states.
  public let dim: Int
  public let layers: Int
  public let heads: Int
  public let hidden: Int
  /// Rows of the position table.
  public let positions: Int
  public let types: Int
  public let epsilon: Float
  public let padToken: Int
  /// The token before each text, where the config names one.
  public let startToken: Int?
  /// The position of a text's first token: 0, in RoBERTa the one behind the padding token's.
  public let firstPosition: Int

  /// Tokens of the longest text.
  public var maxTokens: Int { positions - firstPosition }

  init(
    vocabulary: Int, dim: Int, layers: Int, heads: Int, hidden: Int, positions: Int, types: Int,
    epsilon: Float, padToken: Int, startToken: Int? = nil, firstPosition: Int
  ) {
    self.vocabulary = vocabulary
    self.dim = dim
    self.layers = layers
    self.heads = heads
    self.hidden = hidden
    self.positions = positions
    self.types = types
    self.epsilon = epsilon
    self.padToken = padToken
    self.startToken = startToken
    self.firstPosition = firstPosition
  }
}

extension BERTConfig: Decodable {
  private enum CodingKeys: String, CodingKey {
    case vocabulary = "vocab_size"
    case dim = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case hidden = "intermediate_size"
    case positions = "max_position_embeddings"
    case types = "type_vocab_size"
    case epsilon = "layer_norm_eps"
    case activation = "hidden_act"
    case padToken = "pad_token_id"
    case startToken = "bos_token_id"
  }

  /// Decodes the published names of `BertConfig`.
  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: CodingKeys.self)
    func size(_ key: CodingKeys, in range: ClosedRange<Int> = 1...1_000_000) throws -> Int {
      let value = try c.decode(Int.self, forKey: key)
      guard range.contains(value) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: c,
          debugDescription:
            "'\(key.stringValue)' must be from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    guard try c.decode(String.self, forKey: .activation) == "gelu" else {
      throw DecodingError.dataCorruptedError(
        forKey: .activation, in: c, debugDescription: "'hidden_act' must be 'gelu'")
    }
    self.init(
      vocabulary: try size(.vocabulary), dim: try size(.dim, in: 1...65536),
      layers: try size(.layers, in: 1...256), heads: try size(.heads, in: 1...1024),
      hidden: try size(.hidden, in: 1...262_144), positions: try size(.positions, in: 4...65536),
      types: try size(.types, in: 1...16), epsilon: try c.decode(Float.self, forKey: .epsilon),
      padToken: try size(.padToken, in: 0...1_000_000),
      startToken: try c.decodeIfPresent(Int.self, forKey: .startToken), firstPosition: 0)
    guard dim % heads == 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .heads, in: c,
        debugDescription: "'num_attention_heads' does not divide 'hidden_size'")
    }
  }
}
