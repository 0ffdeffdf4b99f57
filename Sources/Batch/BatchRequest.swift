import Editing

/// What a batch shall do.
public struct BatchRequest: Sendable {
  /// Files, folders, patterns and job lists.
  public var inputs: [String] = []
  /// Each makes an output of its own.
  public var instructions: [String] = []
  /// A file with an instruction in each line, done in turn on each song.
  public var recipe: String?
  /// For all jobs; a job list's columns go before them.
  public var options = EditOptions()
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
