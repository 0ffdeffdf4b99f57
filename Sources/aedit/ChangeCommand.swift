import ArgumentParser
import Editing
import Editors
import Foundation

/// `aedit change SOUND "TEXT" --model DIR`
struct ChangeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "change",
    abstract: "Change a sound by a published text-to-audio model.",
    discussion: """
      aedit change street.wav "Drop: a dog barking" --model AUDIT      (a model of instructions)
      aedit change rain.wav "hail on a tin roof" --from "rain" --model AudioLDM2
      aedit change song.wav "a piano" --method inpaint --region 0:12-0:12.8 --model AudioLDM
      Methods: instruct (models of instructions only); inpaint makes a region anew; sdedit adds noise
      and takes it away by the text; inversion and zeta find the noise that the sound is made of,
      --from says what it is now; words changes what differs between --from and the text. --model takes
      \(PublishedModelHelp.folders)
      """)

  @Argument(help: "The sound: WAV, FLAC, AIFF, Ogg, Opus, MP3, M4A …")
  var sound: String

  @Argument(help: "What shall be heard, or the instruction.")
  var text: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where to write; its ending says the format. Default: sound.edited.EXT beside the sound.",
      valueName: "file"))
  var output: String?

  @Option(
    help: """
      instruct, inpaint, sdedit, inversion, zeta or words. Default: instruct where the model can, \
      else zeta.
      """)
  var method: ChangeMethod?

  @Option(
    name: .customLong("from"), help: ArgumentHelp("What the sound is now.", valueName: "text"))
  var source = ""

  @Option(
    help: ArgumentHelp(
      "How much a word of the text counts, such as rain=2, with --method words; may be repeated.",
      valueName: "word=x"))
  var emphasis: [SoundChanger.Emphasis] = []

  @Option(help: ArgumentHelp("Change only this stretch, such as 0:12-0:20.", valueName: "a-b"))
  var region: TimeRange?

  @Option(
    help: ArgumentHelp(
      "Share of the steps that is done, up to 1: the less, the more stays.", valueName: "x"))
  var strength: Double?

  @OptionGroup var sampling: PublishedSampling

  @OptionGroup var models: ModelOptions

  @OptionGroup var results: ResultOptions

  func validate() throws {
    guard models.folder != nil else {
      throw ValidationError("--model is needed: the model's folder or name")
    }
  }

  func run() throws {
    models.prepare()
    let changer = try SoundChanger(model: models.folder ?? "", precision: models.precision)
    let line = ProgressLine(quiet: results.quiet)
    defer { line.finish() }
    let report = try changer.change(sound, text, to: output, options: options) { line.update($0) }
    line.finish()
    try results.show(report)
  }

  private var options: SoundChanger.Options {
    var options = SoundChanger.Options()
    (options.method, options.source, options.region) = (method, source, region)
    (options.strength, options.emphasis) = (strength, emphasis)
    (options.seed, options.steps) = (sampling.seed, sampling.steps)
    (options.guidance, options.negative) = (sampling.guidance, sampling.negative)
    options.overwrite = results.force
    return options
  }
}

extension ChangeMethod: ExpressibleByArgument {}

extension SoundChanger.Emphasis: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let factor = Double(parts[1]) else { return nil }
    self.init(word: parts[0], factor: factor)
  }
}
