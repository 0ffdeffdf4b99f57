/// What a `spiece.model` holds of a unigram model.
///
/// Source: `sentencepiece_model.proto` of google/sentencepiece v0.2.0 (field numbers and defaults).
struct SentencePieceModel {
  enum Kind: UInt64 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  struct Piece {
    var bytes: ArraySlice<UInt8> = []
    var score: Float = 0
    var kind = Kind.normal
  }

  var pieces: [Piece] = []
  var charsmap: ArraySlice<UInt8> = []
  var usesByteFallback = false
  var addsDummyPrefix = true
  var removesExtraWhitespace = true
  var escapesWhitespace = true
  var treatsWhitespaceAsSuffix = false
  var endPiece: ArraySlice<UInt8> = ArraySlice("</s>".utf8)

  static let maxPieces = 4_000_000

  /// Reads a whole file.
  ///
  /// - Throws: ``TokenizerError``
  init(_ file: [UInt8], name: String) throws {
    do {
      try read(file[...], name)
    } catch let fault as ProtobufReader.Fault {
      throw TokenizerError.malformed(file: name, problem: fault.problem)
    }
    guard !pieces.isEmpty else {
      throw TokenizerError.malformed(file: name, problem: "it holds no pieces")
    }
  }

  private mutating func read(_ bytes: ArraySlice<UInt8>, _ name: String) throws {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let message) = value else { continue }
      switch field {
      case 1:
        guard pieces.count < Self.maxPieces else {
          throw ProtobufReader.Fault(problem: "more than \(Self.maxPieces) pieces")
        }
        pieces.append(try piece(message))
      case 2: try readTrainer(message, name)
      case 3: try readNormalizer(message)
      default: break
      }
    }
  }

  private func piece(_ message: ArraySlice<UInt8>) throws -> Piece {
    var piece = Piece()
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)): piece.bytes = text
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let raw)):
        guard let kind = Kind(rawValue: raw) else {
          throw ProtobufReader.Fault(problem: "a piece of unknown type \(raw)")
        }
        piece.kind = kind
      default: break
      }
    }
    guard (1...PieceTrie.maxPieceBytes).contains(piece.bytes.count) else {
      throw ProtobufReader.Fault(problem: "a piece of \(piece.bytes.count) bytes")
    }
    guard piece.score.isFinite else {
      throw ProtobufReader.Fault(problem: "a piece whose score is no number")
    }
    return piece
  }

  private mutating func readTrainer(_ message: ArraySlice<UInt8>, _ name: String) throws {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (3, .varint(let type)) where type != 1:
        throw TokenizerError.unsupported(file: name, feature: "SentencePiece model type \(type)")
      case (24, .varint(let flag)): treatsWhitespaceAsSuffix = flag != 0
      case (35, .varint(let flag)): usesByteFallback = flag != 0
      case (47, .bytes(let text)): endPiece = text
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ message: ArraySlice<UInt8>) throws {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let map)): charsmap = map
      case (3, .varint(let flag)): addsDummyPrefix = flag != 0
      case (4, .varint(let flag)): removesExtraWhitespace = flag != 0
      case (5, .varint(let flag)): escapesWhitespace = flag != 0
      default: break
      }
    }
  }
}
