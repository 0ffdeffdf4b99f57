import FoundationEssentials

/// Cuts text into the pieces of a vocabulary: unigrams, as T5 and its kin do, or byte pairs, as GPT-2
/// and RoBERTa do.
///
/// A `spiece.model` is read as the `sentencepiece` library reads it, a `tokenizer.json`, or
/// `vocab.json` with `merges.txt`, as the `tokenizers` library does; the two can differ on the same
/// text, and each is matched.
public struct Tokenizer: Sendable {
  private enum Engine: Sendable {
    case sentencePiece(SentencePieceTokenizer)
    case json(JSONTokenizer)
  }

  static let maxFileBytes = 256_000_000

  private let engine: Engine
  /// Ids are below this number.
  public let pieceCount: Int

  /// Reads a `spiece.model` or a `tokenizer.json`; the first byte tells which.
  ///
  /// - Throws: ``TokenizerError``
  public init(path: String) throws {
    try self.init(bytes: try Self.read(path), name: path)
  }

  /// Reads what a published folder has: `tokenizer.json`, else `spiece.model`, else `vocab.json` and
  /// `merges.txt`.
  ///
  /// - Throws: ``TokenizerError``
  public init(folder: String) throws {
    for name in ["tokenizer.json", "spiece.model"] {
      let path = folder + "/" + name
      if FileManager.default.fileExists(atPath: path) {
        try self.init(path: path)
        return
      }
    }
    let path = folder + "/vocab.json"
    self.init(
      try JSONTokenizer(
        vocabulary: try Self.read(path), merges: try Self.read(folder + "/merges.txt"), name: path))
  }

  private init(_ sentencePiece: SentencePieceTokenizer) {
    engine = .sentencePiece(sentencePiece)
    pieceCount = sentencePiece.pieceCount
  }

  private init(_ json: JSONTokenizer) {
    engine = .json(json)
    pieceCount = json.pieceCount
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw TokenizerError.unreadable(file: path, reason: "there is no readable file")
    }
    guard data.count <= maxFileBytes else {
      throw TokenizerError.unreadable(file: path, reason: "\(data.count) bytes are too many")
    }
    return Array(data)
  }

  /// - Parameter name: what messages call the file.
  package init(bytes: [UInt8], name: String) throws {
    if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
      self.init(try JSONTokenizer(bytes, name: name))
    } else {
      let model = try SentencePieceModel(bytes, name: name)
      self.init(try SentencePieceTokenizer(model, name: name))
    }
  }

  /// The ids of a text.
  ///
  /// - Parameter addsEnd: end with `</s>` as T5 was trained (with a `tokenizer.json`: do what its
  ///   post-processor says).
  public func encode(_ text: String, addsEnd: Bool = true) -> [Int] {
    let bytes = Array(text.utf8)
    switch engine {
    case .sentencePiece(let tokenizer):
      let ids = tokenizer.encode(bytes)
      return addsEnd ? ids + [tokenizer.endID].compactMap(\.self) : ids
    case .json(let tokenizer):
      let ids = tokenizer.encode(bytes)
      return addsEnd ? tokenizer.before + ids + tokenizer.after : ids
    }
  }
}
