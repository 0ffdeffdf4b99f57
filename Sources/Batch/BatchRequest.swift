import Editing

/// What a batch shall do.
public struct BatchRequest: Sendable {
  /// Files, folders, patterns and job lists.
  public var inputs: [String] = []
  /// Each makes an output of its own.
  public var instructions: [String] = []
  /// A file with an instruction in each line, done in turn on each song.
  public var recipe: String?
  /// Instead of instructions: the path of each recording's transcript, from which its gaps are filled.
  /// `{stem}` stands for the recording's name; a relative path begins at the recording's folder.
  public var transcript: String?
  /// For all edits, and its seed for all fills; a job list's columns go before them.
  public var options = EditOptions()
  /// Of all fills; nil for what each transcript marks, or else damage that is found.
  public var gaps: FillOptions.Gaps?
  /// Of all fills.
  public var fillMethod = FillMethod.auto
  /// Folder of the outputs.
  public var out: String
  /// Template of the outputs' names; nil for the usual one.
  public var name: String?
  /// Outputs with a seed each, where chance takes part.
  public var variations = 1
  public var keepsStems = false
  /// Whether files that are no outputs of this batch may be replaced.
  public var overwrite = false

  public init(out: String) { self.out = out }

  var template: String {
    name ?? (variations > 1 ? "{stem}.{slug}.{variation}.{ext}" : "{stem}.{slug}.{ext}")
  }
}
