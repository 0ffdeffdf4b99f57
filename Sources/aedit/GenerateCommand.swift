import ArgumentParser
import Editing

/// `aedit generate "TEXT" --model DIR -o FILE`
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Make a sound of a text, by a published text-to-audio model.",
    discussion: """
      --model takes a folder as published, or the name of an installed model (aedit models add):
      \(PublishedModelHelp.folders)
      """)

  @Argument(help: "What shall be heard.")
  var text: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where to write; its ending says the format.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Length. Default: what the model was trained on.", valueName: "s"))
  var seconds: Double?

  @OptionGroup var sampling: PublishedSampling

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func validate() throws {
    if models.folder == nil { throw ValidationError("--model is needed: the model's folder") }
  }

  func run() throws {
    models.prepare()
    let generator = try SoundGenerator(model: models.folder ?? "", precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    var options = SoundGenerator.Options()
    options.seconds = seconds
    (options.seed, options.steps) = (sampling.seed, sampling.steps)
    (options.guidance, options.negative) = (sampling.guidance, sampling.negative)
    options.overwrite = results.force
    let report = try generator.generate(text, to: output, options: options) { line.update($0) }
    line.finish()
    if results.json {
      print(String(decoding: report.json, as: UTF8.self), terminator: "")
    } else if !results.quiet {
      for warning in report.warnings { print("note: \(warning)") }
      print(output)
    }
  }
}
