import FoundationEssentials

/// The parts of a `tokenizer.json` that this program carries out, as they stand in the file.
///
/// Source: the serialised form of huggingface/tokenizers v0.20 to v0.23.
struct TokenizerJSON: Decodable {
  var model: ModelSpec
  var normalizer: NormalizerSpec?
  var preTokenizer: PreTokenizerSpec?
  var postProcessor: PostProcessorSpec?
  var addedTokens: [AddedToken]?

  private enum CodingKeys: String, CodingKey {
    case model, normalizer
    case preTokenizer = "pre_tokenizer"
    case postProcessor = "post_processor"
    case addedTokens = "added_tokens"
  }

  enum ModelSpec: Decodable {
    case unigram(UnigramSpec)
    case bytePairs(BytePairsSpec)

    private enum Key: String, CodingKey {
      case type, merges
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      // Early files name no type; what they hold then tells.
      let type =
        try values.decodeIfPresent(String.self, forKey: .type)
        ?? (values.contains(.merges) ? "BPE" : "Unigram")
      switch type {
      case "Unigram": self = .unigram(try UnigramSpec(from: decoder))
      case "BPE": self = .bytePairs(try BytePairsSpec(from: decoder))
      default: throw Unsupported("the model type \(type)")
      }
    }
  }

  /// Byte-pair encoding whose pieces are whole.
  struct BytePairsSpec: Decodable {
    var vocabulary: [String: Int]
    var merges: [(String, String)]

    private enum Key: String, CodingKey {
      case vocab, merges, dropout
      case unknown = "unk_token"
      case prefix = "continuing_subword_prefix"
      case suffix = "end_of_word_suffix"
      case byteFallback = "byte_fallback"
      case ignoresMerges = "ignore_merges"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      for key in [Key.prefix, .suffix] {
        let text = try values.decodeIfPresent(String.self, forKey: key) ?? ""
        guard text.isEmpty else { throw Unsupported("the \(key.rawValue) '\(text.prefix(20))'") }
      }
      for key in [Key.byteFallback, .ignoresMerges] {
        guard try values.decodeIfPresent(Bool.self, forKey: key) != true else {
          throw Unsupported(key.rawValue)
        }
      }
      guard try values.decodeIfPresent(Double.self, forKey: .dropout) ?? 0 == 0 else {
        throw Unsupported("dropout")
      }
      vocabulary = try values.decode([String: Int].self, forKey: .vocab)
      merges = []
      var list = try values.nestedUnkeyedContainer(forKey: .merges)
      while !list.isAtEnd {
        // Pairs as lists, or as one text with a space between.
        if var pair = try? list.nestedUnkeyedContainer() {
          merges.append((try pair.decode(String.self), try pair.decode(String.self)))
        } else {
          let text = try list.decode(String.self)
          guard let pair = Self.pair(text) else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "no pair")
          }
          merges.append(pair)
        }
      }
    }

    /// Both pieces of a line of merges.
    static func pair(_ line: some StringProtocol) -> (String, String)? {
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      return (String(parts[0]), String(parts[1]))
    }
  }

  struct UnigramSpec: Decodable {
    var unknownID: Int?
    var byteFallback: Bool
    var pieces: [(text: String, score: Double)]

    private enum Key: String, CodingKey {
      case vocab
      case unknownID = "unk_id"
      case byteFallback = "byte_fallback"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      unknownID = try values.decodeIfPresent(Int.self, forKey: .unknownID)
      byteFallback = try values.decodeIfPresent(Bool.self, forKey: .byteFallback) ?? false
      var list = try values.nestedUnkeyedContainer(forKey: .vocab)
      pieces = []
      while !list.isAtEnd {
        var pair = try list.nestedUnkeyedContainer()
        pieces.append((try pair.decode(String.self), try pair.decode(Double.self)))
      }
    }
  }

  struct AddedToken: Decodable {
    var id: Int
    var content: String
    var isSingleWord: Bool
    /// Whether the token takes the whitespace before, and after it.
    var takesLeft: Bool
    var takesRight: Bool
    var isNormalized: Bool

    private enum CodingKeys: String, CodingKey {
      case id, content
      case isSingleWord = "single_word"
      case takesLeft = "lstrip"
      case takesRight = "rstrip"
      case isNormalized = "normalized"
    }
  }

  /// What a file asks for and this program does not do.
  struct Unsupported: Error {
    let feature: String
    init(_ feature: String) { self.feature = feature }
  }

  indirect enum NormalizerSpec: Decodable {
    case sequence([NormalizerSpec])
    case precompiled(String)
    case replace(Pattern, with: String)
    case strip(left: Bool, right: Bool)

    private enum Key: String, CodingKey {
      case type, normalizers, pattern, content
      case charsmap = "precompiled_charsmap"
      case left = "strip_left"
      case right = "strip_right"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      switch try values.decode(String.self, forKey: .type) {
      case "Sequence":
        self = .sequence(try values.decode([NormalizerSpec].self, forKey: .normalizers))
      case "Precompiled":
        self = .precompiled(try values.decode(String.self, forKey: .charsmap))
      case "Replace":
        self = .replace(
          try values.decode(Pattern.self, forKey: .pattern),
          with: try values.decode(String.self, forKey: .content))
      case "Strip":
        self = .strip(
          left: try values.decode(Bool.self, forKey: .left),
          right: try values.decode(Bool.self, forKey: .right))
      case let other: throw Unsupported("the normalizer \(other)")
      }
    }
  }

  /// A literal text, or one of the few expressions that converters of SentencePiece models write.
  enum Pattern: Decodable {
    case literal(String)
    /// Runs of two spaces or more.
    case spaceRuns
    /// Spaces at both ends of the text.
    case outerSpaces
    /// A literal at the start of the text.
    case leading(String)

    private enum Key: String, CodingKey {
      case literal = "String"
      case expression = "Regex"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      if let literal = try values.decodeIfPresent(String.self, forKey: .literal), !literal.isEmpty {
        self = .literal(literal)
        return
      }
      switch try values.decode(String.self, forKey: .expression) {
      case " {2,}": self = .spaceRuns
      case #"\A +| +\z"#: self = .outerSpaces
      case #"\A▁"#: self = .leading("▁")
      case let other: throw Unsupported("the expression '\(other.prefix(40))'")
      }
    }
  }

  indirect enum PreTokenizerSpec: Decodable {
    enum Prepend: String, Decodable {
      case always, first, never
    }

    case sequence([PreTokenizerSpec])
    case whitespaceSplit
    case metaspace(replacement: String, prepend: Prepend, splits: Bool)
    case byteLevel(addsPrefix: Bool)

    /// Whether words end up as bytes.
    var isByteLevel: Bool {
      switch self {
      case .byteLevel: true
      case .sequence(let steps): steps.last?.isByteLevel ?? false
      case .whitespaceSplit, .metaspace: false
      }
    }

    private enum Key: String, CodingKey {
      case type, pretokenizers, replacement, split
      case prepend = "prepend_scheme"
      case addsPrefix = "add_prefix_space"
      case usesExpression = "use_regex"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      switch try values.decode(String.self, forKey: .type) {
      case "Sequence":
        self = .sequence(try values.decode([PreTokenizerSpec].self, forKey: .pretokenizers))
      case "WhitespaceSplit": self = .whitespaceSplit
      case "Metaspace":
        let addsPrefix = try values.decodeIfPresent(Bool.self, forKey: .addsPrefix) ?? true
        self = .metaspace(
          replacement: try values.decode(String.self, forKey: .replacement),
          prepend: try values.decodeIfPresent(Prepend.self, forKey: .prepend)
            ?? (addsPrefix ? .always : .never),
          splits: try values.decodeIfPresent(Bool.self, forKey: .split) ?? true)
      case "ByteLevel":
        guard try values.decodeIfPresent(Bool.self, forKey: .usesExpression) ?? true else {
          throw Unsupported("a ByteLevel pre-tokenizer that does not cut")
        }
        self = .byteLevel(
          addsPrefix: try values.decodeIfPresent(Bool.self, forKey: .addsPrefix) ?? true)
      case let other: throw Unsupported("the pre-tokenizer \(other)")
      }
    }
  }

  /// The ids that a post-processor puts before and after a text.
  struct PostProcessorSpec: Decodable {
    var before: [Int] = []
    var after: [Int] = []

    private enum Key: String, CodingKey {
      case type, single, cls, sep
      case specials = "special_tokens"
    }

    private struct Part: Decodable {
      struct Name: Decodable {
        var id: String
      }
      var special: Name?
      private enum CodingKeys: String, CodingKey {
        case special = "SpecialToken"
      }
    }

    private struct Special: Decodable {
      var ids: [Int]
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      let type = try values.decode(String.self, forKey: .type)
      switch type {
      case "TemplateProcessing": try readTemplate(values)
      case "RobertaProcessing":
        before = [try Self.id(values, .cls)]
        after = [try Self.id(values, .sep)]
      case "ByteLevel": break  // only moves offsets
      default: throw Unsupported("the post-processor \(type)")
      }
    }

    /// The id of a token that is written as `["<s>", 0]`.
    private static func id(_ values: KeyedDecodingContainer<Key>, _ key: Key) throws -> Int {
      var pair = try values.nestedUnkeyedContainer(forKey: key)
      _ = try pair.decode(String.self)
      return try pair.decode(Int.self)
    }

    private mutating func readTemplate(_ values: KeyedDecodingContainer<Key>) throws {
      let specials = try values.decode([String: Special].self, forKey: .specials)
      var sawText = false
      for part in try values.decode([Part].self, forKey: .single) {
        guard let token = part.special else {
          sawText = true
          continue
        }
        let ids = specials[token.id]?.ids ?? []
        if sawText { after += ids } else { before += ids }
      }
    }
  }
}
