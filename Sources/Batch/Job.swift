import Editing
import Foundation

/// One output of a batch. The output's name is the job's name: no two jobs share it.
struct Job: Codable, Equatable, Sendable {
  /// Inside of the output folder.
  let output: String
  /// Absolute path.
  let input: String
  /// Name of the stem to keep, inside of the output folder.
  let stem: String?
  let operation: Operation

  var sidecar: String { output + ".aedit.json" }
  /// Everything that the job writes, inside of the output folder.
  var files: [String] { [output, sidecar] + [stem].compactMap(\.self) }

  /// What the output depends on, as one hash: a job whose hash is that of its finished run need not
  /// run again.
  /// - Parameters:
  ///   - input: hash of the input's bytes.
  ///   - models: the packages that jobs use, with their hashes.
  ///   - precision: arithmetic of the networks.
  /// - Throws: `AudioFileError.system` for other files that the operation reads.
  func identity(input: String, models: JobModels, precision: String) throws -> String {
    struct Content: Encodable {
      let input: String
      let operation: Operation
      let stem: String?
      let models: [[String: String]]
      let precision: String
    }
    let content = Content(
      input: input, operation: try operation.byContent(), stem: stem,
      models: models[operation].map(\.hashes), precision: precision)
    return ContentHash.of(try BatchJSON.encode(content))
  }
}

/// JSON as the batch keeps it: equal values give equal bytes, and regions may end at infinity.
enum BatchJSON {
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  static func text(_ value: some Encodable) throws -> String {
    String(decoding: try encode(value), as: UTF8.self)
  }

  static func decode<Value: Decodable>(_: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(Value.self, from: data)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
    try decode(type, from: Data(text.utf8))
  }
}
