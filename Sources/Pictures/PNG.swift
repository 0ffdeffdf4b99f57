import CZlib
import Foundation

/// A picture could not be made or written.
public enum PictureError: Error, Equatable, Sendable, CustomStringConvertible {
  case compression(code: Int32)
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .compression(let code): return "PNG: zlib failed (code \(code))"
    case .cannotWrite(let path, let reason): return "\(path): cannot write (\(reason))"
    }
  }
}

extension Canvas {
  /// The picture as a PNG file (8-bit RGB, not interlaced; ISO/IEC 15948).
  public func png() throws -> [UInt8] {
    var header = bigEndian(UInt32(width)) + bigEndian(UInt32(height))
    header += [8, 2, 0, 0, 0]
    return Self.signature + chunk("IHDR", header)
      + chunk("IDAT", try compressed(filteredRows())) + chunk("IEND", [])
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// Steps of red, green and blue in ``smallPNG()``.
  private static let steps = (red: 6, green: 7, blue: 6)

  /// The picture as a PNG file with a fixed palette of 252 colours: for pages with many pictures,
  /// a fraction of ``png()``'s size.
  public func smallPNG() throws -> [UInt8] {
    let (reds, greens, blues) = Self.steps
    func level(_ value: UInt8, _ steps: Int) -> Int { (Int(value) * (steps - 1) + 127) / 255 }
    func value(_ level: Int, _ steps: Int) -> UInt8 { UInt8(level * 255 / (steps - 1)) }
    var palette: [UInt8] = []
    for color in 0..<reds * greens * blues {
      let (red, green, blue) = (color / (greens * blues), color / blues % greens, color % blues)
      palette += [value(red, reds), value(green, greens), value(blue, blues)]
    }
    var rows: [UInt8] = []
    rows.reserveCapacity((width + 1) * height)
    for y in 0..<height {
      // Rows of indices are not filtered.
      rows.append(0)
      for i in stride(from: y * width * 3, to: (y + 1) * width * 3, by: 3) {
        let (red, green) = (level(pixels[i], reds), level(pixels[i + 1], greens))
        rows.append(UInt8((red * greens + green) * blues + level(pixels[i + 2], blues)))
      }
    }
    let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 3, 0, 0, 0]
    return Self.signature + chunk("IHDR", header) + chunk("PLTE", palette)
      + chunk("IDAT", try compressed(rows)) + chunk("IEND", [])
  }

  /// Writes the PNG under a temporary name and renames it, so that no half picture is left.
  public func writePNG(to path: String) throws {
    let data = Data(try png())
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw PictureError.cannotWrite(
        path: path, reason: (error as NSError).localizedDescription)
    }
  }

  /// Each row behind its filter byte: the difference to the row above, or the row itself, whichever
  /// has the smaller sum of magnitudes.
  private func filteredRows() -> [UInt8] {
    let stride = width * 3
    var out: [UInt8] = []
    out.reserveCapacity((stride + 1) * height)
    for y in 0..<height {
      let row = pixels[y * stride..<(y + 1) * stride]
      guard y > 0 else {
        out.append(0)
        out += row
        continue
      }
      let above = pixels[(y - 1) * stride..<y * stride]
      let difference = zip(row, above).map { $0 &- $1 }
      func cost(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 + Int(Int8(bitPattern: $1).magnitude) }
      }
      if cost(difference) < cost(row) {
        out.append(2)
        out += difference
      } else {
        out.append(0)
        out += row
      }
    }
    return out
  }

  private func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var out = [UInt8](repeating: 0, count: Int(size))
    let code = compress2(&out, &size, bytes, uLong(bytes.count), 9)
    guard code == Z_OK else { throw PictureError.compression(code: code) }
    return Array(out.prefix(Int(size)))
  }

  private func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + body
    let sum = UInt32(truncatingIfNeeded: crc32(0, checked, uInt(checked.count)))
    return bigEndian(UInt32(body.count)) + checked + bigEndian(sum)
  }

  private func bigEndian(_ x: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: x >> UInt32(24 - 8 * $0)) }
  }
}
