import Foundation
import Pictures

/// `report.html`: one file that needs no network. Pictures are in it; players play the files that
/// lie beside it.
struct ReportPage {
  let summary: BatchSummary
  /// In the order in which they are shown.
  let rows: [JobRow]

  var html: String {
    let failed = rows.count { $0.state == .failed }
    let done = rows.count { $0.state == .done }
    var parts = ["\(done) of \(rows.count) files done"]
    if failed > 0 { parts.append("\(failed) failed") }
    let audio = rows.compactMap { $0.state == .done ? $0.finished?.audioSeconds : nil }
    parts.append("\(Self.clock(audio.reduce(0, +))) of sound")
    if summary.done > 0 { parts.append("this run took \(Self.clock(summary.seconds))") }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>aedit batch</title>
      <meta name="viewport" content="width=device-width">
      <style>\(Self.style)</style></head><body>
      <h1>aedit batch</h1>
      <p>\(Self.text(parts.joined(separator: " · ")))</p>
      \(rows.map(card).joined(separator: "\n"))
      </body></html>

      """
  }

  private static let style = """
    body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;\
    background:#fff;color:#28282e}
    article{display:flex;flex-wrap:wrap;gap:1.5rem;border-top:1px solid #ccc;padding:1rem 0}
    article>div{flex:1 1 22rem;min-width:0}
    h2{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
    .failed h2:before{content:"failed ";color:#b00020}
    .waiting h2:before{content:"not done ";color:#8a6d00}
    p{margin:.3rem 0}.problem{color:#b00020;overflow-wrap:anywhere}
    label{display:flex;align-items:center;gap:.5rem;margin:.2rem 0}
    label span{width:3.5rem}audio{flex:1;height:2rem;min-width:0}
    table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0}td+td{text-align:right}
    figure{flex:1 1 22rem;min-width:0;margin:0 0 0 2.5rem}
    .picture{position:relative}img{display:block;width:100%;height:15rem}
    .picture b,.picture i{position:absolute;font:600 .7rem/1 system-ui,sans-serif}
    .picture b{left:.3rem;padding:.2rem .3rem;margin-top:.2rem;background:#fffc;border-radius:.2rem}
    .picture i{right:100%;margin-right:.3rem;transform:translateY(-50%);color:#666}
    figcaption{display:flex;justify-content:space-between;font-size:.75rem;color:#666}
    """

  private func card(_ row: JobRow) -> String {
    let state = row.state == .failed || row.state == .done ? row.state.rawValue : "waiting"
    var lines = [
      "<h2>\(Self.text(row.job.output))</h2>",
      "<p>“\(Self.text(row.job.operation.title))”, from \(Self.text(row.job.input))</p>",
    ]
    if let problem = row.problem { lines.append("<p class=\"problem\">\(Self.text(problem))</p>") }
    guard row.state == .done, let finished = row.finished else {
      return "<article class=\"\(state)\"><div>\(lines.joined())</div></article>"
    }
    lines += finished.outcome.notes.map { "<p>\(Self.text($0))</p>" }
    lines.append(player("before", relative(row.job.input)))
    lines.append(player("after", row.job.output))
    if let stem = row.job.stem { lines.append(player("stem", stem)) }
    lines.append(table(finished))
    let picture = finished.preview.map { Self.figure($0, seconds: finished.audioSeconds) }
    return "<article class=\"\(state)\"><div>\(lines.joined())</div>\(picture ?? "")</article>"
  }

  /// The spectrograms with their names, frequencies and times around them.
  private static func figure(_ preview: Preview, seconds: Double) -> String {
    let rows = ["before", "after", "change"].enumerated().map { row, name in
      let top = Double(row) / 3
      let marks = SpectrogramThumbnail.marks(highestHz: preview.highestHz).map { mark in
        "<i style=\"top:\(percent(top + mark.place / 3))\">\(mark.label)</i>"
      }
      return "<b style=\"top:\(percent(top))\">\(name)</b>" + marks.joined()
    }
    return """
      <figure><div class="picture"><img alt="spectrograms before and after, and what changed" \
      src="data:image/png;base64,\(preview.picture.base64EncodedString())">\(rows.joined())</div>
      <figcaption><span>0 s</span><span>Hz; 80 dB from black to yellow; \
      change: red more, blue less, \u{B1}20 dB</span><span>\(clock(seconds))</span></figcaption></figure>
      """
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f%%", 100 * share) }

  private func player(_ name: String, _ path: String) -> String {
    let allowed = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: ":;"))
    let url = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    return "<label><span>\(name)</span>"
      + "<audio controls preload=\"none\" src=\"\(Self.text(url))\"></audio></label>"
  }

  private func table(_ finished: FinishedJob) -> String {
    var rows: [(String, String)] = []
    func number(_ name: String, _ value: Double?, _ unit: String) {
      if let value { rows.append((name, String(format: "%.1f %@", value, unit))) }
    }
    number("loudness before", finished.preview?.loudnessBefore, "LUFS")
    number("loudness after", finished.preview?.loudnessAfter, "LUFS")
    number("peak after", finished.preview?.peakAfter, "dBFS")
    number("SI-SDR to the input", finished.preview?.likeness, "dB")
    number("edited in", finished.seconds, "s")
    let cells = rows.map { "<tr><td>\($0.0)</td><td>\($0.1)</td></tr>" }
    return "<table>\(cells.joined())</table>"
  }

  /// The path of an input from the page's folder.
  private func relative(_ path: String) -> String {
    let from = InputFiles.resolved(summary.folder).split(separator: "/")
    let to = InputFiles.resolved(path).split(separator: "/")
    let shared = zip(from, to).prefix { $0 == $1 }.count
    let up = [Substring](repeating: "..", count: from.count - shared)
    return (up + to.dropFirst(shared)).joined(separator: "/")
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// A text in which nothing is markup.
  private static func text(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
