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
      EditCommand.self, PlanCommand.self, StemsCommand.self, ChordsCommand.self,
      MetricsCommand.self, SpectrogramCommand.self, AlignCommand.self, FillCommand.self,
      BatchCommand.self, GenerateCommand.self, ChangeCommand.self, ModelsCommand.self,
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

  /// Where the handler tells the thread that waits.
  nonisolated(unsafe) private static var door: Int32 = -1

  static func catchAll() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    door = ends[1]
    Thread.detachNewThread { [entrance = ends[0]] in
      var number: UInt8 = 0
      while read(entrance, &number, 1) != 1 {}
      TemporaryOutputs.discardAll()
      FileHandle.standardError.write(Data("\naedit: \(message.withLock(\.self))\n".utf8))
      _exit(128 + Int32(number))
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    // Blocking the signals would not do: the libraries' own threads are there already and take them.
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      guard sigaction(number, nil, &action) == 0,
        // What was started with nohup goes on.
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
          != unsafeBitCast(SIG_IGN, to: Int.self)
      else { continue }
      action.__sigaction_handler.sa_handler = { number in
        let code = errno
        var byte = UInt8(truncatingIfNeeded: number)
        write(Interrupts.door, &byte, 1)
        errno = code
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
      sigaddset(&signals, number)
    }
    // Whoever started the program may have blocked them.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
