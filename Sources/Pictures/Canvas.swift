/// A colour, 8 bits a channel.
public struct RGB: Sendable, Equatable {
  public var red, green, blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  public static let white = RGB(255, 255, 255)
  public static let ink = RGB(40, 40, 46)
}

/// A picture in memory, origin at the top left; what falls outside of it is not drawn.
public struct Canvas: Sendable {
  public let width: Int
  public let height: Int
  /// `[row][column][red, green, blue]`.
  public private(set) var pixels: [UInt8]

  public init(width: Int, height: Int, fill: RGB = .white) {
    precondition(width > 0 && height > 0)
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: width * height * 3)
    rectangle(x: 0, y: 0, width: width, height: height, fill)
  }

  public subscript(x: Int, y: Int) -> RGB {
    get {
      let i = (y * width + x) * 3
      return RGB(pixels[i], pixels[i + 1], pixels[i + 2])
    }
    set {
      guard x >= 0, y >= 0, x < width, y < height else { return }
      let i = (y * width + x) * 3
      pixels[i] = newValue.red
      pixels[i + 1] = newValue.green
      pixels[i + 2] = newValue.blue
    }
  }

  public mutating func rectangle(x: Int, y: Int, width: Int, height: Int, _ color: RGB) {
    for row in y..<y + height {
      for column in x..<x + width { self[column, row] = color }
    }
  }

  /// A frame of one pixel around a rectangle's inside.
  mutating func frame(x: Int, y: Int, width: Int, height: Int, _ color: RGB) {
    rectangle(x: x - 1, y: y - 1, width: width + 2, height: 1, color)
    rectangle(x: x - 1, y: y + height, width: width + 2, height: 1, color)
    rectangle(x: x - 1, y: y, width: 1, height: height, color)
    rectangle(x: x + width, y: y, width: 1, height: height, color)
  }

  /// Where a text stands relative to its x.
  enum Alignment { case left, center, right }

  /// One line of text in the built-in font; `y` is the top of its capitals.
  mutating func text(
    _ text: String, x: Int, y: Int, align: Alignment = .left, scale: Int = 2, _ color: RGB = .ink
  ) {
    let glyphs = Font.glyphs(text)
    let span = Font.width(glyphs.count, scale: scale)
    var left = x
    switch align {
    case .left: break
    case .center: left -= span / 2
    case .right: left -= span
    }
    for glyph in glyphs {
      for (row, bits) in glyph.enumerated() {
        for column in 0..<5 where bits & (16 >> UInt8(column)) != 0 {
          rectangle(
            x: left + column * scale, y: y + row * scale, width: scale, height: scale, color)
        }
      }
      left += 6 * scale
    }
  }
}
