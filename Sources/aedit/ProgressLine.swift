import Editing
import Foundation

/// Progress on stderr: a bar with the time left on a terminal, a line for each activity otherwise.
final class ProgressLine {
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()
  private var shown = Date.distantPast
  private var activity = ""
  private var drawn = false

  init(quiet: Bool) { self.quiet = quiet }

  func update(_ progress: EditProgress) {
    guard !quiet else { return }
    let now = Date()
    if !isTerminal {
      if progress.activity != activity { write("\(progress.activity) …\n") }
      activity = progress.activity
      return
    }
    guard now.timeIntervalSince(shown) > 0.1 || progress.activity != activity else { return }
    shown = now
    activity = progress.activity
    drawn = true
    let width = 24
    let filled = Int((progress.fraction * Double(width)).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let percent = Int(progress.fraction * 100)
    write("\r\u{1B}[2K\(bar) \(percent)%  \(activity)\(left(progress.fraction, now))")
  }

  /// Removes the bar.
  func finish() {
    if drawn { write("\r\u{1B}[2K") }
    drawn = false
  }

  private func left(_ fraction: Double, _ now: Date) -> String {
    let elapsed = now.timeIntervalSince(start)
    guard elapsed > 1, fraction > 0.02 else { return "" }
    let seconds = Int((elapsed * (1 - fraction) / fraction).rounded(.up))
    return seconds < 60 ? ", \(seconds) s left" : ", \(seconds / 60) min \(seconds % 60) s left"
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
