import ArgumentParser

/// How a published model samples; nil takes what its publishers recommend.
struct PublishedSampling: ParsableArguments {
  @Option(help: "Another seed makes another sound.")
  var seed: UInt64 = 0

  @Option(help: "Sampling steps.")
  var steps: Int?

  @Option(help: ArgumentHelp("Weight of the text.", valueName: "x"))
  var guidance: Double?

  @Option(help: ArgumentHelp("What it shall not sound like.", valueName: "text"))
  var negative = ""
}

/// What commands that run published models say of them.
enum PublishedModelHelp {
  static let folders = """
    a diffusers folder (model_index.json) of AudioLDM, AudioLDM 2 or MusicLDM, or the folder of
    Amphion's experiments (AUDIT: ckpts/tta with t5-base and hifigan_checkpoints in it).
    """
}
