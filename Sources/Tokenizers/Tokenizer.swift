import FoundationEssentials

/// Cuts text into the pieces of a unigram vocabulary, as T5 and its kin do.
///
/// A `spiece.model` is read as the `sentencepiece` library reads it, a `tokenizer.json` as the
/// `tokenizers` library does; the two can differ on the same text, and each is matched.
public struct Tokenizer: Sendable {
  private enum Engine: Sendable {
    case sentencePiece(SentencePieceTokenizer)
    case json(JSONTokenizer)
  }

  static let maxFileBytes = 256_000_000

  private let engine: Engine
  /// Ids are below this number.
  public let pieceCount: Int

  /// Reads a file; its first byte tells which of the two formats it has.
  ///
  /// - Throws: ``TokenizerError``
  public init(path: String) throws {
    let url = URL(filePath: path)
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw TokenizerError.unreadable(file: path, reason: "there is no readable file")
    }
    guard data.count <= Self.maxFileBytes else {
      throw TokenizerError.unreadable(file: path, reason: "\(data.count) bytes are too many")
    }
    try self.init(bytes: Array(data), name: path)
  }

  /// - Parameter name: what messages call the file.
  package init(bytes: [UInt8], name: String) throws {
    if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
      let json = try JSONTokenizer(bytes, name: name)
      engine = .json(json)
      pieceCount = json.pieceCount
    } else {
      let model = try SentencePieceModel(bytes, name: name)
      let sentencePiece = try SentencePieceTokenizer(model, name: name)
      engine = .sentencePiece(sentencePiece)
      pieceCount = sentencePiece.pieceCount
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
