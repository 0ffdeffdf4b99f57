import CZlib
import Foundation
import Pictures
import Testing

@Suite struct PicturesTests {
  /// Size and RGB rows of a PNG that this project wrote, its checksums verified.
  func decode(_ png: [UInt8]) throws -> (width: Int, height: Int, pixels: [UInt8]) {
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(png[at + $1]) } }
    #expect(Array(png[0..<8]) == [137, 80, 78, 71, 13, 10, 26, 10])
    var (at, width, height) = (8, 0, 0)
    var data: [UInt8] = []
    while at < png.count {
      let size = number(at)
      let name = String(decoding: png[at + 4..<at + 8], as: UTF8.self)
      let checked = Array(png[at + 4..<at + 8 + size])
      #expect(Int(crc32(0, checked, uInt(checked.count))) == number(at + 8 + size))
      if name == "IHDR" { (width, height) = (number(at + 8), number(at + 12)) }
      if name == "IDAT" { data += png[at + 8..<at + 8 + size] }
      at += 12 + size
    }
    var size = uLong((width * 3 + 1) * height)
    var rows = [UInt8](repeating: 0, count: Int(size))
    try #require(uncompress(&rows, &size, data, uLong(data.count)) == Z_OK)
    var pixels: [UInt8] = []
    for y in 0..<height {
      let row = rows[y * (width * 3 + 1)..<(y + 1) * (width * 3 + 1)]
      let filter = row.first
      for (i, byte) in row.dropFirst().enumerated() {
        pixels.append(filter == 2 ? byte &+ pixels[(y - 1) * width * 3 + i] : byte)
      }
    }
    return (width, height, pixels)
  }

  @Test(arguments: [(1, 1), (7, 3), (200, 100)]) func pngKeepsEveryPixel(
    width: Int, height: Int
  ) throws {
    var canvas = Canvas(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        canvas[x, y] = RGB(UInt8(x * 7 % 256), UInt8(y * 3 % 256), UInt8((x * y) % 256))
      }
    }
    let back = try decode(try canvas.png())
    #expect(back.width == width && back.height == height && back.pixels == canvas.pixels)
  }

  /// A chirp's brightest row climbs, and the change picture is white where nothing changed.
  @Test(arguments: [8000, 44100, 96000]) func pictureShowsTheSound(rate: Int) throws {
    let count = rate * 3
    let tone = (0..<count).map { i -> Float in
      let t = Double(i) / Double(rate)
      return Float(0.5 * sin(2 * .pi * 300 * t * (1 + t)))
    }
    let changed = tone.enumerated().map { $0 < count / 2 ? $1 : $1 * 0.1 }
    var before = try SpectrogramPanel(title: "before", sampleRate: rate, sampleCount: count)
    var after = try SpectrogramPanel(title: "after", sampleRate: rate, sampleCount: count)
    for start in stride(from: 0, to: count, by: 5000) {
      before.push(Array(tone[start..<min(count, start + 5000)]))
      after.push(Array(changed[start..<min(count, start + 5000)]))
    }
    before.finish()
    after.finish()
    let canvas = SpectrogramPicture.draw(before: before, after: after)
    #expect(canvas.width == 1180 && canvas.height == 880)
    func brightestRow(_ x: Int) -> Int {
      (29..<267).max { brightness(canvas[x, $0]) < brightness(canvas[x, $1]) } ?? 0
    }
    func brightness(_ c: RGB) -> Int { Int(c.red) + Int(c.green) + Int(c.blue) }
    let rows = [150, 400, 600, 900].map(brightestRow)
    #expect(rows == rows.sorted(by: >) && Set(rows).count == 4, "\(rows)")
    #expect((600..<820).allSatisfy { canvas[200, $0] == RGB(255, 255, 255) })
    #expect((600..<820).contains { Int(canvas[900, $0].blue) > Int(canvas[900, $0].red) + 60 })
    if let folder = ProcessInfo.processInfo.environment["PICTURES_FOLDER"] {
      try canvas.writePNG(to: "\(folder)/chirp-\(rate).png")
    }
  }

  @Test func shortAndSilentSoundsHavePictures() throws {
    for count in [0, 1, 1000] {
      var panel = try SpectrogramPanel(title: "short ✓ é", sampleRate: 44100, sampleCount: count)
      panel.push([Float](repeating: 0, count: count))
      panel.finish()
      #expect(try decode(try SpectrogramPicture.draw(panel).png()).width == 1180)
    }
    #expect(throws: PictureError.self) {
      try Canvas(width: 2, height: 2).writePNG(to: "/no/such/folder/x.png")
    }
  }
}
