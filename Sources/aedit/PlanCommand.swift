import ArgumentParser
import Editing
import Foundation
import Instructions

/// `aedit plan "INSTRUCTION"`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what an instruction would do.")

  @Argument(help: "What to do, in your own words.")
  var instruction: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var models: ModelOptions

  func run() throws {
    models.prepare()
    let editor = try SongEditor(model: models.folder, precision: models.precision)
    let plan = try editor.plan(instruction)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(plan), as: UTF8.self))
      return
    }
    for step in plan.steps {
      let parts = ([step.target] + step.also).joined(separator: " and ")
      var line = "\(step.operation.verb) \(parts)"
      if !step.attributes.isEmpty { line += " (\(step.attributes.joined(separator: ", ")))" }
      if let region = step.region, !region.isWhole { line += ", \(region.words)" }
      print("\(line), \(Int((step.confidence * 100).rounded()))% sure")
    }
    for note in plan.notes { print("note: \(note)") }
  }
}

extension InstructionError: UsageError {}

extension TimeRegion {
  fileprivate var words: String { "from \(Self.words(start)) to \(Self.words(end))" }

  private static func words(_ point: TimePoint) -> String {
    switch point {
    case .start: "the start"
    case .end: "the end"
    case .fromStart(let seconds): TimeRange.clock(seconds)
    case .fromEnd(let seconds): "\(TimeRange.clock(seconds)) before the end"
    case .fraction(let share): "\(Int((share * 100).rounded()))%"
    }
  }
}
