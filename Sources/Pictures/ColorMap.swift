/// Colours for values from 0 to 1, between evenly spaced stops.
struct ColorMap {
  let stops: [RGB]

  /// Loudness: black over purple and orange to pale yellow, evenly brighter (after "inferno" of
  /// matplotlib, CC0).
  static let heat = ColorMap(stops: [
    RGB(0, 0, 4), RGB(31, 12, 72), RGB(85, 15, 109), RGB(136, 34, 106), RGB(186, 54, 85),
    RGB(227, 89, 51), RGB(249, 140, 10), RGB(249, 201, 50), RGB(252, 255, 164),
  ])

  /// Change: blue for less, white for none, red for more.
  static let change = ColorMap(stops: [
    RGB(5, 48, 97), RGB(67, 147, 195), RGB(255, 255, 255), RGB(214, 96, 77), RGB(103, 0, 31),
  ])

  func callAsFunction(_ value: Float) -> RGB {
    let scaled = min(1, max(0, value)) * Float(stops.count - 1)
    let index = min(stops.count - 2, Int(scaled))
    let (a, b, t) = (stops[index], stops[index + 1], scaled - Float(index))
    func mix(_ x: UInt8, _ y: UInt8) -> UInt8 {
      UInt8(Float(x) + (Float(y) - Float(x)) * t + 0.5)
    }
    return RGB(mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue))
  }
}
