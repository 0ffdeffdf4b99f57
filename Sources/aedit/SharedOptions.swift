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
extension EditMethod: ExpressibleByArgument {}

extension TimeRange: ExpressibleByArgument {
  public init?(argument: String) { try? self.init(argument) }
}
