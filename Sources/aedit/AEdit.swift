import ArgumentParser

@main
struct AEdit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aedit", abstract: "Edits songs by instruction.")
}
