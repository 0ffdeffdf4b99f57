import ArgumentParser
import Editing
import Tensors

/// Options of every command that runs models.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp("Folder of a model package, or of several.", valueName: "dir"))
  var folder: String?

  @Option(help: "Arithmetic of the models: fp32, bf16 or auto.")
  var precision: Precision = .auto

  @Option(help: "Processor threads; the result does not depend on them.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads \(threads): must be 1 to 256")
    }
  }

  /// Applies the number of threads.
  func prepare() {
    if let threads { Threads.set(threads) }
  }
}

/// What a user's own training changes in the models of edits.
struct LoRAOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Apply what make finetune learned of your stems; may be given often.", valueName: "file"))
  var files: [String] = []
}

/// How edits are done.
struct EditSettings: ParsableArguments {
  @Option(help: ArgumentHelp("Edit only this stretch, such as 0:12-0:20.", valueName: "a-b"))
  var region: TimeRange?

  @Option(help: "Another seed makes another stem (add).")
  var seed: UInt64 = 0

  @Option(help: "Sampling steps (add).")
  var steps: Int?

  @Option(help: ArgumentHelp("Weight of the instruction (add).", valueName: "x"))
  var guidance: Double?

  @Option(help: "Beginnings to try, of which the one that sounds most as asked is kept (add).")
  var takes: Int?

  @Option(help: ArgumentHelp("What the new stem shall not sound like (add).", valueName: "text"))
  var negative: String?

  @Option(
    help: ArgumentHelp(
      "What a new stem plays, one chord a bar and over again, such as \"C G Am F\" (add).",
      valueName: "line"))
  var chords: String?

  @Option(
    help: ArgumentHelp(
      "Level of an added stem (1 as made); share that is removed or extracted.", valueName: "x"))
  var strength: Double = 1

  @Flag(help: "Lower the whole song, not the stem, where the sum would clip.")
  var headroom = false

  var options: EditOptions {
    var options = EditOptions()
    options.seed = seed
    options.steps = steps
    options.guidance = guidance
    options.takes = takes
    options.negative = negative
    options.chords = chords
    options.strength = strength
    options.region = region
    options.headroom = headroom
    return options
  }
}

/// How a command that writes sound tells its result.
struct ResultOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Replace files that exist.")
  var force = false
}

extension Precision: ExpressibleByArgument {}

extension TimeRange: ExpressibleByArgument {
  public init?(argument: String) { try? self.init(argument) }
}
