import Foundation
import Pictures
import Testing

@Suite struct SmallPNGTests {
  /// The palette holds black, white and the primaries exactly, and the file is smaller.
  @Test func paletteAndSize() throws {
    // Noise: what filters cannot shrink.
    var canvas = Canvas(width: 64, height: 64)
    var state: UInt32 = 1
    func noise() -> UInt8 {
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    for y in 0..<64 {
      for x in 0..<64 { canvas[x, y] = RGB(noise(), noise(), noise()) }
    }
    let (small, full) = (try canvas.smallPNG(), try canvas.png())
    #expect(small.count * 2 < full.count)
    #expect(small.prefix(8) == full.prefix(8))
    #expect(small[24] == 8 && small[25] == 3, "8 bits of palette index")
    let palette = try #require(Data(small).range(of: Data("PLTE".utf8)))
    let colors = Array(small[palette.upperBound..<palette.upperBound + 756])
    let triples = Set(stride(from: 0, to: 756, by: 3).map { Array(colors[$0..<$0 + 3]) })
    #expect(triples.count == 252)
    let exact: [[UInt8]] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]
    #expect(triples.isSuperset(of: exact))
  }
}
