import Checkpoints
import Glibc
import Synchronization
import Tensors
import TextEncoders
import Tokenizers

/// The text model of a package: reads instructions, and gives the editing networks the token states
/// that they attend to.
///
/// Each job has an encoder and a vocabulary of its own, so that the reading can improve without moving
/// the states that the editing networks were trained on. The heads and their thresholds are described
/// in Models/training/text/README.md.
public struct InstructionReader: Sendable {
  private struct Labels: Decodable {
    var operation: [String]
    var target: [String]
    var second: [String]
    var attributes: [String]
  }

  private struct Heads: Decodable {
    var queries: Int
    var hidden: Int
  }

  private struct Thresholds: Decodable {
    var temperature: Double
    var confidence: Double
    var attribute: Double
  }

  private let promptTokenizer: Tokenizer, prompts: T5Encoder
  private let tokenizer: Tokenizer, encoder: BERTEncoder
  private let startToken: Int
  private let labels: Labels
  private let thresholds: Thresholds
  private let operation: PoolingHead
  private let target: PoolingHead
  private let second: PoolingHead
  private let attributes: PoolingHead

  /// The kind of package that this reads.
  public static let packageKind = "text"
  /// Longer texts are cut to this many tokens, as in training.
  public static let maxTokens = 64

  /// - Throws: `CheckpointError` or `TokenizerError` naming the file and what is wrong with it.
  public init(package: ModelPackage) throws {
    let labels = try package.decode(Labels.self, from: "labels")
    let heads = try package.decode(Heads.self, from: "heads")
    thresholds = try package.decode(Thresholds.self, from: "thresholds")
    for name in labels.operation where name != "none" && RequestedOperation(rawValue: name) == nil {
      throw CheckpointError.package(
        folder: package.folder, problem: "the operation '\(name)' is unknown", hint: "update aedit")
    }
    func tokenizer(_ part: String, below count: Int) throws -> Tokenizer {
      let made = try Tokenizer(path: package.path(of: part))
      guard made.pieceCount <= count else {
        throw CheckpointError.package(
          folder: package.folder,
          problem: "its '\(part)' has \(made.pieceCount) pieces, its encoder \(count)",
          hint: "install the package again")
      }
      return made
    }
    let promptConfig = try package.decode(T5Config.self, from: "config", "encoder")
    promptTokenizer = try tokenizer("tokenizer", below: promptConfig.vocabulary)
    let promptWeights = try package.weights(of: "encoder")
    prompts = try T5Encoder(promptWeights, config: promptConfig)
    try promptWeights.finish()

    let config = try package.decode(BERTConfig.self, from: "config", "reader")
    guard let start = config.startToken, (0..<config.vocabulary).contains(start),
      config.maxTokens >= Self.maxTokens
    else {
      throw CheckpointError.package(
        folder: package.folder,
        problem: "its reader has no start token or takes only \(config.maxTokens) tokens",
        hint: "install the package again")
    }
    startToken = start
    self.tokenizer = try tokenizer("readerTokenizer", below: config.vocabulary)
    let w = try package.weights(of: "reader")
    encoder = try BERTEncoder(w, config: config)
    func head(_ name: String, _ classes: [String]) throws -> PoolingHead {
      try PoolingHead(
        w / "heads" / name, dim: config.dim, queries: heads.queries, hidden: heads.hidden,
        classes: classes.count)
    }
    operation = try head("operation", labels.operation)
    target = try head("target", labels.target)
    second = try head("second", labels.second)
    attributes = try head("attributes", labels.attributes)
    self.labels = labels
    try w.finish()
  }

  /// What an instruction asks for.
  ///
  /// - Throws: ``InstructionError``
  public func plan(_ instruction: String) throws -> EditPlan {
    // The planner looks at some texts more than once.
    let known = Known()
    return try Planner { text in
      if let reading = known.readings.withLock({ $0[text] }) { return reading }
      let reading = try read(text)
      known.readings.withLock { $0[text] = reading }
      return reading
    }.plan(instruction)
  }

  private final class Known: Sendable {
    let readings = Mutex<[String: Reading]>([:])
  }

  /// The states of a text for the editing networks: `[L, dim]`, `</s>` included, L at most
  /// ``maxTokens``.
  public func states(_ text: String) throws -> Tensor {
    let ids = promptTokenizer.encode(text, addsEnd: false).prefix(Self.maxTokens - 1)
    return try prompts(ids + promptTokenizer.encode(""))
  }

  /// The text with spaces around its ASCII marks, as the reader's vocabulary has them: "don ' t".
  static func spaced(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "\u{2019}": " ' "
      case "!"..."/", ":"..."@", "["..."`", "{"..."~": " \(scalar) "
      default: String(scalar)
      }
    }.joined()
  }

  /// The heads' outputs for one request, one for each of their labels.
  package struct Logits {
    package let operation: [Float], target: [Float], second: [Float], attributes: [Float]
  }

  /// What the heads give for one request without its region.
  package func logits(_ text: String) throws -> Logits {
    let ids = tokenizer.encode(Self.spaced(text), addsEnd: false).prefix(Self.maxTokens - 2)
    let states = try encoder([[startToken] + ids + tokenizer.encode("")])[0]  // [L, dim]
    return Logits(
      operation: operation(states), target: target(states), second: second(states),
      attributes: attributes(states))
  }

  /// What the heads read in one request without its region.
  public func read(_ text: String) throws -> Reading {
    let logits = try self.logits(
      Spelling.corrected(text) { tokenizer.encode($0, addsEnd: false).count == 1 })
    let operations = softmax(logits.operation)
    let targets = softmax(logits.target)
    let others = softmax(logits.second)
    let (o, t, s) = (argmax(operations), argmax(targets), argmax(others))
    let asked = RequestedOperation(rawValue: labels.operation[o])
    let needsTarget = asked.map { [.add, .remove, .extract, .replace].contains($0) } ?? true
    let named = { (name: String) in name == "none" ? nil : name }
    let part = named(labels.target[t])
    let confidence = operations[o] * (needsTarget ? targets[t] : 1)
    let sounds = zip(labels.attributes, logits.attributes)
      .filter { 1 / (1 + exp(-Double($0.1))) > thresholds.attribute }.map(\.0)
    return Reading(
      operation: asked, target: part, second: named(labels.second[s]), attributes: sounds,
      confidence: confidence,
      isUnderstood: asked != nil && confidence >= thresholds.confidence
        && (!needsTarget || part != nil),
      nearest: nearest(operations, targets))
  }

  /// The two likeliest requests that can be carried out; none where nothing points to one.
  private func nearest(_ operations: [Double], _ targets: [Double]) -> [String] {
    var found: [(text: String, chance: Double)] = []
    for (o, name) in labels.operation.enumerated() {
      guard let operation = PlanOperation(rawValue: name), operations[o] > 0.01 else { continue }
      for (t, part) in labels.target.enumerated()
      where part != "none" && !Planner.otherTargets.contains(part) && targets[t] > 0.1 {
        found.append((Planner.plain(operation, part), operations[o] * targets[t]))
      }
    }
    return found.sorted { $0.chance > $1.chance }.prefix(2).map(\.text)
  }

  private func softmax(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exp((Double($0) - largest) / thresholds.temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private func argmax(_ values: [Double]) -> Int {
    values.indices.max { values[$0] < values[$1] } ?? 0
  }
}
