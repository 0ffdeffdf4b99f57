import Batch
import Foundation
import Synchronization

/// A batch's progress on stderr: on a terminal one line that changes, below the lines of what went
/// wrong; elsewhere a plain line for each file.
final class BatchLine: Sendable {
  private struct Shown {
    var time = Date.distantPast
    var drawn = false
  }

  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let shown = Mutex(Shown())

  init(quiet: Bool) { self.quiet = quiet }

  /// - Parameter line: what has just happened.
  func update(_ progress: BatchProgress, _ line: String?) {
    guard !quiet else { return }
    shown.withLock { shown in
      if isTerminal {
        // What was done is counted; what was not is worth a line.
        if let line, !line.hasPrefix("done ") { write("\r\u{1B}[2K\(line)\n") }
        guard line != nil || Date().timeIntervalSince(shown.time) > 0.2 else { return }
        shown = Shown(time: Date(), drawn: true)
        write("\r\u{1B}[2K" + Self.fit("\(Self.counts(progress))\(Self.stages(progress))"))
      } else if let line {
        write("\(Self.counts(progress)): \(line)\n")
      }
    }
  }

  /// Removes the changing line.
  func finish() {
    shown.withLock { shown in
      if shown.drawn { write("\r\u{1B}[2K") }
      shown.drawn = false
    }
  }

  /// "12/200, 1 failed, 340 files/h, 33 min left"
  private static func counts(_ progress: BatchProgress) -> String {
    var parts = ["\(progress.done + progress.failed)/\(progress.total)"]
    if progress.failed > 0 { parts.append("\(progress.failed) failed") }
    if let rate = progress.filesPerHour { parts.append("\(Int(rate.rounded())) files/h") }
    if let left = progress.secondsLeft, left >= 1 { parts.append("\(clock(left)) left") }
    return parts.joined(separator: ", ")
  }

  private static func stages(_ progress: BatchProgress) -> String {
    progress.running.sorted { $0.key < $1.key }.map { output, stage in
      " | \((output as NSString).lastPathComponent): \(stage.activity) \(Int(stage.fraction * 100))%"
    }.joined()
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// Cut to the terminal's width, so that it stays one line.
  private static func fit(_ text: String) -> String {
    var size = winsize()
    let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 80
    return String(text.prefix(max(20, width - 1)))
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
