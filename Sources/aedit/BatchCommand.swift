import ArgumentParser
import Batch
import Editing
import Foundation
import Tensors

/// `aedit batch` and what belongs to it.
struct BatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Edit many songs or fill many recordings; nothing is lost, nothing is done twice.",
    discussion: """
      aedit batch songs --instruction "remove the drums" --out quiet
      aedit batch songs --instruction "add strings" --variations 3 --out strings
      aedit batch talks --transcript "{stem}.txt" --out repaired
      aedit batch jobs.csv --out edits
      aedit batch --out edits --resume
      Exit codes: 0 done, 1 something failed or stopped it, 2 wrongly called, 3 nothing to do.
      """,
    subcommands: [
      BatchRunCommand.self, BatchStatusCommand.self, BatchCancelCommand.self, BatchTaskCommand.self,
    ],
    defaultSubcommand: BatchRunCommand.self)
}

/// `aedit batch INPUTS… --instruction "…" --out DIR`
struct BatchRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a batch (the default).")

  @Argument(
    help: """
      Songs, folders, patterns such as 'songs/*.flac', and job lists: .csv, or .jsonl with an object \
      a line; columns: input, instruction or transcript, output, region, gap, seed and other options \
      of an edit or a fill.
      """)
  var inputs: [String] = []

  @Option(
    help: ArgumentHelp(
      "What to do, in your own words. Each one makes an output of its own.", valueName: "text"))
  var instruction: [String] = []

  @Option(
    help: ArgumentHelp("Instructions, one a line, done in turn on each song.", valueName: "file"))
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "Fill each recording's gaps from its transcript, such as '{stem}.txt' beside it.",
      valueName: "file"))
  var transcript: String?

  @Option(
    help: ArgumentHelp(
      "With transcripts: auto, or a gap, such as 1.20-1.85; may be given often. Default: what the"
        + " transcript has in [brackets], else auto.", valueName: "a-b"))
  var gap: [String] = []

  @Option(
    help: ArgumentHelp(
      "Of edits: mask, diffusion or auto. Of fills: speak, continue or auto.", valueName: "how"))
  var method: BatchMethod = .auto

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Folder for the outputs, the job table and the report.", valueName: "dir"))
  var out: String

  @Option(
    help: ArgumentHelp(
      "How outputs are called. Fields: {stem} {slug} {ext} {seed} {variation}. Default: "
        + "{stem}.{slug}.{ext}", valueName: "template"))
  var name: String?

  @Option(help: ArgumentHelp("Outputs with a seed each (add, fill).", valueName: "n"))
  var variations = 1

  @Flag(help: "Keep the stems, as 32-bit float WAV.")
  var stems = false

  @Flag(help: "Go on with the batch in the folder.")
  var resume = false

  @Flag(help: "Show what would be done, and write nothing.")
  var dryRun = false

  @Option(help: ArgumentHelp("Edits side by side. Default: one a processor.", valueName: "n"))
  var workers: Int?

  @Option(help: ArgumentHelp("Further attempts after a failure that may pass.", valueName: "n"))
  var retry = 2

  @Option(help: ArgumentHelp("Bound of the memory, such as 800M or 4G.", valueName: "size"))
  var memory: ByteCount?

  @Option(help: "local, or slurm: a job array on a cluster that shares the files' paths.")
  var engine: BatchSettings.Engine = .local

  @Option(help: ArgumentHelp("Jobs in a Slurm task.", valueName: "n"))
  var chunk = 20

  @Flag(inversion: .prefixedNo, help: "Measures and pictures in the report.")
  var previews = true

  @OptionGroup var settings: EditSettings

  @OptionGroup var models: ModelOptions

  @OptionGroup var loras: LoRAOptions

  @OptionGroup var results: ResultOptions

  func validate() throws {
    func check(_ holds: Bool, _ text: String) throws {
      if !holds { throw ValidationError(text) }
    }
    try check((1...10_000).contains(variations), "--variations \(variations): must be 1 to 10000")
    try check(!inputs.isEmpty || resume, "no inputs: name songs, folders, patterns or a job list")
    try check((1...100_000).contains(chunk), "--chunk \(chunk): must be 1 to 100000")
    try check((0...100).contains(retry), "--retry \(retry): must be 0 to 100")
    if let workers {
      try check((1...256).contains(workers), "--workers \(workers): must be 1 to 256")
    }
    let edits = !instruction.isEmpty || recipe != nil
    try check(
      !inputs.isEmpty || (!edits && transcript == nil && gap.isEmpty),
      "--resume without inputs goes on with the list as it was; name the inputs to change it")
    if edits {
      try check(
        transcript == nil, "--transcript fills gaps: leave --instruction and --recipe out")
      try check(gap.isEmpty, "--gap is for recordings with a transcript, not for instructions")
      try check(
        method.edit != nil, "--method is for transcripts: edits take mask, diffusion or auto")
    }
    if transcript != nil {
      var usual = EditOptions()
      usual.seed = settings.seed
      try check(
        settings.options == usual && !stems && loras.files.isEmpty,
        "--transcript takes no options of edits but --seed and --method")
      try check(
        method.fill != nil, "--method is for instructions: fills take speak, continue or auto")
    }
  }

  func run() throws {
    // Each Slurm task asks for a processor of its own.
    let isLocal = engine == .local
    let processors = isLocal ? ProcessInfo.processInfo.activeProcessorCount : 1
    var batch = BatchSettings()
    batch.engine = engine
    batch.chunk = chunk
    batch.workers = workers ?? max(1, processors / (models.threads ?? 1))
    let threads = models.threads ?? max(1, processors / batch.workers)
    batch.threads = threads
    batch.retries = retry
    batch.memory = memory?.bytes
    batch.previews = previews
    batch.model = models.folder
    batch.loras = loras.files
    batch.precision = models.precision
    Threads.set(threads)
    let run = BatchRun(try request(), settings: batch, resumes: resume)
    if dryRun { return try show(run) }
    Interrupts.message.withLock { $0 = "interrupted; what was done is kept, go on with --resume" }
    let line = BatchLine(quiet: results.quiet)
    let summary: BatchSummary
    do {
      defer { line.finish() }
      summary = try run.run { line.update($0, $1) }
    }
    try tell(summary)
  }

  private func request() throws -> BatchRequest {
    var request = BatchRequest(out: out)
    request.inputs = inputs
    request.instructions = instruction
    request.recipe = recipe
    request.transcript = transcript
    request.options = settings.options
    request.options.method = method.edit ?? .auto
    request.gaps = try FillOptions.Gaps(gap)
    request.fillMethod = method.fill ?? .auto
    request.name = name
    request.variations = variations
    request.keepsStems = stems
    request.overwrite = results.force
    return request
  }

  private func show(_ run: BatchRun) throws {
    let (jobs, notes) = try run.preview()
    if results.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(jobs), as: UTF8.self))
      return
    }
    for job in jobs {
      print("\(job.runs ? "run " : "done") \(job.input) \"\(job.instruction)\" -> \(job.output)")
    }
    for note in notes { print("note: \(note)") }
    let runs = jobs.count { $0.runs }
    print("\(runs) to run, \(jobs.count - runs) done already; nothing was written")
  }

  private func tell(_ summary: BatchSummary) throws {
    if results.json {
      let report = try Data(contentsOf: URL(fileURLWithPath: summary.folder + "/report.json"))
      print(String(decoding: report, as: UTF8.self), terminator: "")
    } else if !results.quiet {
      var parts = ["\(summary.done) done"]
      if summary.unchanged > 0 { parts[0] += " (\(summary.unchanged) came out as they went in)" }
      if summary.before > 0 { parts.append("\(summary.before) done before") }
      if summary.failed > 0 { parts.append("\(summary.failed) failed") }
      print("\(parts.joined(separator: ", ")); report: \(summary.folder)/report.html")
    }
    if summary.failed > 0 { throw ExitCode(Exit.failure) }
    if summary.done == summary.unchanged { throw ExitCode(Exit.nothingToDo) }
  }
}

extension BatchSettings.Engine: ExpressibleByArgument {}

/// How jobs are done: for each kind that knows the method.
struct BatchMethod: ExpressibleByArgument {
  let edit: EditMethod?
  let fill: FillMethod?

  static let auto = BatchMethod(edit: .auto, fill: .auto)
}

extension BatchMethod {
  init?(argument: String) {
    self.init(edit: EditMethod(rawValue: argument), fill: FillMethod(rawValue: argument))
    if edit == nil, fill == nil { return nil }
  }

  var defaultValueDescription: String { "auto" }
}

/// A number of bytes as users write it: 800M, 4G.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let text = argument.uppercased().replacing("IB", with: "").replacing("B", with: "")
    let units: [Character: Double] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let power = text.last.flatMap { units[$0] }
    guard let value = Double(power == nil ? text : String(text.dropLast())), value > 0,
      value * pow(2, power ?? 0) < 1e18
    else { return nil }
    bytes = Int(value * pow(2, power ?? 0))
  }
}
