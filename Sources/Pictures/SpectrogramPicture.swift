import Foundation

/// Mel spectrograms stacked above one time axis, with scales in seconds, Hz and dB.
public enum SpectrogramPicture {
  private static let left = 74
  private static let right = 106
  private static let titleHeight = 28
  private static let axisHeight = 40
  private static let gap = 12
  /// What is drawn below the loudest value of all panels, dB.
  private static let rangeDB: Float = 80
  private static let changeDB: Float = 20

  /// One sound.
  public static func draw(_ panel: SpectrogramPanel) -> Canvas {
    draw([(panel.title, panel.decibels)], change: nil, like: panel)
  }

  /// Before, after, and what changed between them (red: more, blue: less).
  /// - Precondition: both panels have the same columns; they should show sounds of one length and
  ///   rate.
  public static func draw(before: SpectrogramPanel, after: SpectrogramPanel) -> Canvas {
    precondition(before.columns == after.columns)
    let (a, b) = (before.decibels, after.decibels)
    let floor = max(a.max() ?? 0, b.max() ?? 0) - rangeDB
    let change = zip(a, b).map { max($1, floor) - max($0, floor) }
    return draw([(before.title, a), (after.title, b)], change: change, like: before)
  }

  private static func draw(
    _ pictures: [(title: String, decibels: [Float])], change: [Float]?, like panel: SpectrogramPanel
  ) -> Canvas {
    let rows = pictures.count + (change == nil ? 0 : 1)
    let rowHeight = titleHeight + panel.layout.bands + gap
    var canvas = Canvas(
      width: left + panel.columns + right, height: rows * rowHeight + axisHeight)
    let peak = pictures.flatMap(\.decibels).max() ?? 0
    for (row, picture) in pictures.enumerated() {
      let top = row * rowHeight + titleHeight
      fill(&canvas, picture.decibels, top: top, panel, .heat) { 1 + ($0 - peak) / rangeDB }
      scales(&canvas, title: picture.title, top: top, panel)
      colorBar(&canvas, top: top, panel, .heat, labels: ["0 dB", "-40", "-80"])
    }
    if let change {
      let top = pictures.count * rowHeight + titleHeight
      fill(&canvas, change, top: top, panel, .change) { 0.5 + $0 / (2 * changeDB) }
      scales(&canvas, title: "change", top: top, panel)
      colorBar(&canvas, top: top, panel, .change, labels: ["+20 dB", "0", "-20"])
    }
    timeAxis(&canvas, top: rows * rowHeight - gap, panel)
    return canvas
  }

  private static func fill(
    _ canvas: inout Canvas, _ values: [Float], top: Int, _ panel: SpectrogramPanel,
    _ colors: ColorMap, _ scaled: (Float) -> Float
  ) {
    let bands = panel.layout.bands
    for column in 0..<values.count / bands {
      for band in 0..<bands {
        canvas[left + column, top + bands - 1 - band] = colors(
          scaled(values[column * bands + band]))
      }
    }
  }

  private static func scales(
    _ canvas: inout Canvas, title: String, top: Int, _ panel: SpectrogramPanel
  ) {
    let bands = panel.layout.bands
    canvas.frame(x: left, y: top, width: panel.columns, height: bands, .ink)
    let room = panel.columns / 12
    let line = title.count > room ? title.prefix(room - 3) + "..." : Substring(title)
    canvas.text(String(line), x: left + panel.columns / 2, y: top - 21, align: .center)
    canvas.text("Hz", x: left - 12, y: top - 21, align: .right)
    for (hz, label) in [
      (100.0, "100"), (500, "500"), (1000, "1k"), (2000, "2k"), (5000, "5k"), (10_000, "10k"),
      (20_000, "20k"),
    ] where hz < panel.layout.highestHz * 0.97 {
      let y = top + bands - 1 - Int(panel.position(hz: hz).rounded())
      canvas.rectangle(x: left - 7, y: y, width: 6, height: 1, .ink)
      canvas.text(label, x: left - 12, y: y - 6, align: .right)
    }
  }

  private static func colorBar(
    _ canvas: inout Canvas, top: Int, _ panel: SpectrogramPanel, _ colors: ColorMap,
    labels: [String]
  ) {
    let bands = panel.layout.bands
    let x = left + panel.columns + 12
    for y in 0..<bands {
      let color = colors(1 - Float(y) / Float(bands - 1))
      canvas.rectangle(x: x, y: top + y, width: 8, height: 1, color)
    }
    canvas.frame(x: x, y: top, width: 8, height: bands, .ink)
    for (i, label) in labels.enumerated() {
      let y = top + (bands - 14) * i / (labels.count - 1)
      canvas.text(label, x: x + 14, y: y)
    }
  }

  private static func timeAxis(_ canvas: inout Canvas, top: Int, _ panel: SpectrogramPanel) {
    let duration = panel.durationSeconds
    guard duration > 0 else { return }
    let steps = [
      0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
    ]
    let step = steps.first { duration / $0 <= 12 } ?? 3600
    for tick in 0...Int(duration / step) {
      let seconds = Double(tick) * step
      let x = left + Int(seconds / duration * Double(panel.columns - 1))
      canvas.rectangle(x: x, y: top + 1, width: 1, height: 6, .ink)
      canvas.text(label(seconds, step: step, of: duration), x: x + 1, y: top + 11, align: .center)
    }
    let unit = duration < 180 ? "s" : "min:s"
    canvas.text(unit, x: left + panel.columns + 40, y: top + 11)
  }

  private static func label(_ seconds: Double, step: Double, of duration: Double) -> String {
    if duration >= 180 {
      let whole = Int(seconds.rounded())
      return "\(whole / 60):" + (whole % 60 < 10 ? "0" : "") + "\(whole % 60)"
    }
    let digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2
    return String(format: "%.\(digits)f", seconds)
  }
}
