/// The compiled normalisation rules of a SentencePiece model: a double-array trie from byte strings
/// to their replacements.
///
/// Layout: four bytes of little-endian trie size, the trie's 32-bit units, then the replacements,
/// each ended by a zero byte; a trie value is the place of its replacement among them. Source: class
/// `Normalizer` of google/sentencepiece v0.2.0 and the unit layout of s-yata/darts-clone v0.32.
/// An index that a damaged file leads outside the trie ends the search without a match.
struct Charsmap: Sendable {
  struct Match {
    /// Bytes of input that the rule replaces.
    let byteCount: Int
    /// What stands in their place.
    let replacement: Range<Int>
  }

  private let units: [UInt32]
  /// The replacements' bytes; ``Match/replacement`` points into them.
  let replacements: [UInt8]

  /// - Parameter blob: the field `precompiled_charsmap`, not empty.
  /// - Throws: ``TokenizerError/malformed(file:problem:)``
  init(_ blob: ArraySlice<UInt8>, name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    guard blob.count > 4 else { throw refuse("its normalisation rules are too short") }
    let size = blob.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    let body = blob.dropFirst(4)
    guard size > 0, size % 4 == 0, size <= body.count else {
      throw refuse("its normalisation rules claim \(size) bytes of \(body.count)")
    }
    units = body.prefix(size).withUnsafeBytes { bytes in
      (0..<size / 4).map {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
      }
    }
    replacements = Array(body.dropFirst(size))
  }

  /// The rule that replaces the longest beginning of `text`, as SentencePiece chooses.
  func longestMatch(_ text: ArraySlice<UInt8>) -> Match? {
    var found: Match?
    search(text) { value, count in
      found = match(value, count)
      return true
    }
    return found
  }

  /// The rule that replaces the shortest beginning of `text`, as the `tokenizers` library chooses.
  func shortestMatch(_ text: ArraySlice<UInt8>) -> Match? {
    var found: Match?
    search(text.prefix { $0 != 0 }) { value, count in
      found = match(value, count)
      return false
    }
    return found
  }

  private func match(_ value: Int, _ byteCount: Int) -> Match? {
    guard value < replacements.count else { return nil }
    let end = replacements[value...].firstIndex(of: 0) ?? replacements.endIndex
    return Match(byteCount: byteCount, replacement: value..<end)
  }

  /// Calls `visit` with value and length of each key that `text` begins with, shortest first, until
  /// it returns false.
  @inline(__always)
  private func search(_ text: ArraySlice<UInt8>, _ visit: (Int, Int) -> Bool) {
    var node = Self.offset(units[0])
    var count = 0
    for byte in text {
      node ^= Int(byte)
      guard node < units.count else { return }
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(byte) else { return }
      node ^= Self.offset(unit)
      count += 1
      if unit >> 8 & 1 == 1 {
        guard node < units.count else { return }
        guard visit(Int(units[node] & 0x7FFF_FFFF), count) else { return }
      }
    }
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
  }
}
