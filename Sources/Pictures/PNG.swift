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

/// The file format (ISO/IEC 15948), 8 bits a channel or an index, not interlaced.
enum PNG {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// A picture of indices into a palette, row by row from above.
  static func file(width: Int, palette: [RGB], indices: [UInt8]) throws -> [UInt8] {
    precondition(palette.count <= 256 && indices.count % width == 0)
    var rows: [UInt8] = []
    rows.reserveCapacity(indices.count + indices.count / width)
    for start in stride(from: 0, to: indices.count, by: width) {
      // Rows of indices are not filtered.
      rows.append(0)
      rows += indices[start..<start + width]
    }
    let colors = palette.flatMap { [$0.red, $0.green, $0.blue] }
    // Among many pictures time counts for more than the last bytes.
    return try file(
      width: width, height: indices.count / width, colorType: 3, palette: chunk("PLTE", colors),
      rows: rows, effort: 4)
  }

  /// - Parameters:
  ///   - colorType: 2 for RGB, 3 for a palette.
  ///   - rows: each behind its filter byte.
  ///   - effort: of the compression, 1 to 9.
  static func file(
    width: Int, height: Int, colorType: UInt8, palette: [UInt8] = [], rows: [UInt8], effort: Int32
  ) throws -> [UInt8] {
    let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, colorType, 0, 0, 0]
    return signature + chunk("IHDR", header) + palette
      + chunk("IDAT", try compressed(rows, effort)) + chunk("IEND", [])
  }

  private static func compressed(_ bytes: [UInt8], _ effort: Int32) throws -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var out = [UInt8](repeating: 0, count: Int(size))
    let code = compress2(&out, &size, bytes, uLong(bytes.count), effort)
    guard code == Z_OK else { throw PictureError.compression(code: code) }
    return Array(out.prefix(Int(size)))
  }

  private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + body
    let sum = UInt32(truncatingIfNeeded: crc32(0, checked, uInt(checked.count)))
    return bigEndian(UInt32(body.count)) + checked + bigEndian(sum)
  }

  private static func bigEndian(_ x: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: x >> UInt32(24 - 8 * $0)) }
  }
}

extension Canvas {
  /// The picture as a PNG file.
  public func png() throws -> [UInt8] {
    try PNG.file(width: width, height: height, colorType: 2, rows: filteredRows(), effort: 9)
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
}
