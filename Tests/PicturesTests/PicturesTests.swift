import CZlib
import Foundation
import Pictures
import Testing

@Suite struct PicturesTests {
  /// The parts of a PNG that this project wrote, its checksums verified.
  func chunks(_ png: [UInt8]) throws -> (width: Int, height: Int, bodies: [String: [UInt8]]) {
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(png[at + $1]) } }
    #expect(Array(png[0..<8]) == [137, 80, 78, 71, 13, 10, 26, 10])
    var (at, bodies) = (8, [String: [UInt8]]())
    while at < png.count {
      let size = number(at)
      let name = String(decoding: png[at + 4..<at + 8], as: UTF8.self)
      let checked = Array(png[at + 4..<at + 8 + size])
      #expect(Int(crc32(0, checked, uInt(checked.count))) == number(at + 8 + size))
      bodies[name, default: []] += checked.dropFirst(4)
      at += 12 + size
    }
    return (number(16), number(20), bodies)
  }

  func inflated(_ data: [UInt8], _ count: Int) throws -> [UInt8] {
    var size = uLong(count)
    var bytes = [UInt8](repeating: 0, count: count)
    try #require(uncompress(&bytes, &size, data, uLong(data.count)) == Z_OK)
    return bytes
  }

  /// Size and RGB rows of a PNG.
  func decode(_ png: [UInt8]) throws -> (width: Int, height: Int, pixels: [UInt8]) {
    let file = try chunks(png)
    let (width, height) = (file.width, file.height)
    let rows = try inflated(file.bodies["IDAT"] ?? [], (width * 3 + 1) * height)
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

  /// Colours of a thumbnail's pixels.
  func thumbnail(_ before: SpectrogramPanel, _ after: SpectrogramPanel) throws
    -> (width: Int, height: Int, pixels: [RGB])
  {
    let png = try SpectrogramThumbnail.png(before: before, after: after)
    let file = try chunks(png)
    #expect(png[24] == 8 && png[25] == 3, "8 bits of palette index")
    let palette = try #require(file.bodies["PLTE"])
    let rows = try inflated(file.bodies["IDAT"] ?? [], (file.width + 1) * file.height)
    let pixels = rows.enumerated().filter { $0.offset % (file.width + 1) > 0 }.map {
      let color = Int($0.element) * 3
      return RGB(palette[color], palette[color + 1], palette[color + 2])
    }
    return (file.width, file.height, pixels)
  }

  /// Of a sound short enough to be seen whole, and of one between whose frames there are gaps: a
  /// rising tone's brightest row climbs, and the change is white where nothing changed.
  @Test(arguments: [(44100, 4), (8000, 400)]) func thumbnailShowsTheSound(rate: Int, seconds: Int)
    throws
  {
    let count = rate * seconds
    let tone = (0..<count).map { i -> Float in
      let share = Double(i) / Double(count)
      return Float(0.5 * sin(2 * .pi * 200 * Double(i) / Double(rate) * (1 + 4 * share)))
    }
    let changed = tone.enumerated().map { $0 < count / 2 ? $1 : $1 * 0.1 }
    var before = try SpectrogramPanel(
      title: "", sampleRate: rate, sampleCount: count, columns: 100, detail: .thumbnail)
    var after = before
    for start in stride(from: 0, to: count, by: 5000) {
      before.push(Array(tone[start..<min(count, start + 5000)]))
      after.push(Array(changed[start..<min(count, start + 5000)]))
    }
    before.finish()
    after.finish()
    let picture = try thumbnail(before, after)
    let bands = picture.height / 3
    #expect(picture.width == 100 && picture.height == 216)
    func color(_ x: Int, _ y: Int) -> RGB { picture.pixels[y * picture.width + x] }
    func brightness(_ c: RGB) -> Int { Int(c.red) + Int(c.green) + Int(c.blue) }
    let rows = [10, 35, 60, 85].map { x in
      (0..<bands).max { brightness(color(x, $0)) < brightness(color(x, $1)) } ?? 0
    }
    #expect(rows == rows.sorted(by: >) && Set(rows).count == 4, "\(rows)")
    #expect((2 * bands..<3 * bands).allSatisfy { color(30, $0) == .white })
    #expect((2 * bands..<3 * bands).contains { color(80, $0).blue > color(80, $0).red })
  }

  @Test func shortAndSilentSoundsHavePictures() throws {
    for count in [0, 1, 1000] {
      var small = try SpectrogramPanel(
        title: "", sampleRate: 44100, sampleCount: count, columns: 30, detail: .thumbnail)
      small.push([Float](repeating: 0, count: count))
      small.finish()
      #expect(try thumbnail(small, small).width == 30)
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
