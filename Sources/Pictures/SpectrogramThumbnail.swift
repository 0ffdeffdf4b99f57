import Foundation

/// A small picture of a sound before and after, and of what changed (red: more, blue: less): three
/// panels on top of each other, without scales, for pages that show many.
public enum SpectrogramThumbnail {
  /// What is shown below the loudest value, and of a change, dB.
  private static let rangeDB: Float = 80
  private static let changeDB: Float = 20
  /// Colours of loudness, then of change, with one for "none" in the middle.
  private static let heats = 61
  private static let changes = 41

  /// The picture as a PNG file; as wide as the panels have columns.
  /// - Precondition: both panels have the same layout and columns.
  /// - Throws: ``PictureError``
  public static func png(before: SpectrogramPanel, after: SpectrogramPanel) throws -> [UInt8] {
    precondition(before.columns == after.columns && before.layout == after.layout)
    let (a, b) = (before.decibels, after.decibels)
    let peak = max(a.max() ?? 0, b.max() ?? 0)
    let floor = peak - rangeDB
    let (columns, bands) = (before.columns, before.layout.bands)
    var indices = [UInt8](repeating: 0, count: 3 * bands * columns)
    func color(_ share: Float, of count: Int) -> Int {
      Int((min(1, max(0, share)) * Float(count - 1)).rounded())
    }
    for column in 0..<columns {
      for band in 0..<bands {
        let (x, y) = (a[column * bands + band], b[column * bands + band])
        let change = max(y, floor) - max(x, floor)
        let place = (bands - 1 - band) * columns + column
        indices[place] = UInt8(color((x - floor) / rangeDB, of: heats))
        indices[place + bands * columns] = UInt8(color((y - floor) / rangeDB, of: heats))
        indices[place + 2 * bands * columns] = UInt8(
          heats + color(0.5 + change / (2 * changeDB), of: changes))
      }
    }
    return try PNG.file(width: columns, palette: palette, indices: indices)
  }

  private static let palette: [RGB] =
    (0..<heats).map { ColorMap.heat(Float($0) / Float(heats - 1)) }
    + (0..<changes).map { ColorMap.change(Float($0) / Float(changes - 1)) }

  /// Where frequencies stand in each panel: shares of its height, from above.
  /// - Parameter highestHz: of the panel.
  public static func marks(highestHz: Double) -> [(label: String, place: Double)] {
    [("200", 200.0), ("1k", 1000), ("3k", 3000), ("10k", 10_000)]
      .filter { $0.1 < highestHz * 0.9 }
      .map { ($0.0, 1 - SpectrogramPanel.share(hz: $0.1, highestHz: highestHz)) }
  }
}
