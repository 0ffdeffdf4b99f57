import ArgumentParser
import AudioFiles
import Batch
import Editing
import Foundation
import Synchronization

/// `aedit SONG "INSTRUCTION"` and its companions.
@main
struct AEdit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aedit",
    abstract: "Edits songs by instruction: aedit song.wav \"add guitar\"",
    discussion: """
      Writes song.edited.wav beside the song and never touches the song itself.
      Exit codes: 0 done, 1 failed, 2 not understood or wrongly called, 3 nothing to do.
      """,
    version: SongEditor.version,
    subcommands: [
      EditCommand.self, PlanCommand.self, StemsCommand.self, MetricsCommand.self,
      SpectrogramCommand.self, BatchCommand.self, GenerateCommand.self, ModelsCommand.self,
    ],
    defaultSubcommand: EditCommand.self)

  static func main() {
    Interrupts.catchAll()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Exit.with(error)
    }
  }
}

/// How the program ends.
enum Exit {
  static let failure: Int32 = 1
  static let usage: Int32 = 2
  static let nothingToDo: Int32 = 3

  /// Ends the program: help on stdout, or one line on stderr and the code that fits the error.
  static func with(_ error: any Error) -> Never {
    let code = AEdit.exitCode(for: error)
    if code == .success {
      print(AEdit.fullMessage(for: error))
      exit(0)
    }
    switch error {
    case let code as ExitCode: exit(code.rawValue)
    case let error as EditError where error.isUsage: fail("\(error)", usage)
    case BatchError.problems(let lines): fail(lines, usage)
    case let error as BatchError where error.isUsage: fail("\(error)", usage)
    case let error as any UsageError: fail("\(error)", usage)
    default: break
    }
    if code == .validationFailure {
      fail("\(AEdit.message(for: error)); see aedit --help", usage)
    }
    fail(AEdit.message(for: error), failure)
  }

  private static func fail(_ message: String, _ code: Int32) -> Never {
    fail([message.split(separator: "\n").joined(separator: " ")], code)
  }

  private static func fail(_ lines: [String], _ code: Int32) -> Never {
    for line in lines { FileHandle.standardError.write(Data("aedit: \(line)\n".utf8)) }
    exit(code)
  }
}

/// An error of the one who calls the program, not of what it works on.
protocol UsageError: Error {}

/// Ctrl-C, and being asked to stop, leave no half-written file behind.
enum Interrupts {
  /// What a user should know then.
  static let message = Mutex("interrupted; nothing was written")

  static func catchAll() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    // Blocked in all threads, so that none is lost before the one that waits for them is there.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Thread.detachNewThread { [signals] in
      var waited = signals
      var number: Int32 = 0
      sigwait(&waited, &number)
      TemporaryOutputs.discardAll()
      FileHandle.standardError.write(Data("\naedit: \(message.withLock(\.self))\n".utf8))
      _exit(128 + number)
    }
  }
}
