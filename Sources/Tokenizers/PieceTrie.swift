/// A byte trie from pieces to their ids, in flat arrays.
///
/// Nodes are numbered breadth first, so that the edge `e` leads to the node `e + 1`, and the edges
/// of a node are contiguous and sorted by label.
struct PieceTrie: Sendable {
  /// No piece ends here; no such child.
  static let none: Int32 = -1

  /// Longer pieces are refused by the readers: they would make the time for a text grow with the
  /// product of both lengths, and no vocabulary has them.
  static let maxPieceBytes = 4096

  private let firstEdge: [Int32]
  private let labels: [UInt8]
  private let ids: [Int32]

  /// - Parameter pieces: non-empty pieces with their ids; of equal pieces the last one counts.
  init(_ pieces: [(bytes: ArraySlice<UInt8>, id: Int)]) {
    let order = pieces.indices.sorted { left, right in
      let (a, b) = (pieces[left].bytes, pieces[right].bytes)
      return a.elementsEqual(b) ? left < right : a.lexicographicallyPrecedes(b)
    }
    var firstEdge: [Int32] = []
    var labels: [UInt8] = []
    var ids: [Int32] = []
    // A node stands for the pieces order[range], which share their first `depth` bytes.
    var level: [Range<Int>] = [0..<order.count]
    var depth = 0
    while !level.isEmpty {
      var below: [Range<Int>] = []
      for range in level {
        firstEdge.append(Int32(labels.count))
        var start = range.lowerBound
        var id = Self.none
        while start < range.upperBound, pieces[order[start]].bytes.count == depth {
          id = Int32(pieces[order[start]].id)
          start += 1
        }
        ids.append(id)
        while start < range.upperBound {
          let label = Self.byte(pieces[order[start]].bytes, depth)
          var end = start + 1
          while end < range.upperBound, Self.byte(pieces[order[end]].bytes, depth) == label {
            end += 1
          }
          labels.append(label)
          below.append(start..<end)
          start = end
        }
      }
      level = below
      depth += 1
    }
    firstEdge.append(Int32(labels.count))
    self.firstEdge = firstEdge
    self.labels = labels
    self.ids = ids
  }

  private static func byte(_ piece: ArraySlice<UInt8>, _ depth: Int) -> UInt8 {
    piece[piece.startIndex + depth]
  }

  /// The child of `node` by `byte`, or ``none``; the root is 0.
  @inline(__always)
  func child(of node: Int32, by byte: UInt8) -> Int32 {
    var low = Int(firstEdge[Int(node)])
    var high = Int(firstEdge[Int(node) + 1])
    while low < high {
      let middle = (low + high) / 2
      if labels[middle] < byte { low = middle + 1 } else { high = middle }
    }
    return low < Int(firstEdge[Int(node) + 1]) && labels[low] == byte ? Int32(low + 1) : Self.none
  }

  /// The id of the piece that ends at `node`, or ``none``.
  @inline(__always)
  func id(at node: Int32) -> Int32 { ids[Int(node)] }

  /// The id of exactly this piece, or ``none``.
  func id(of piece: ArraySlice<UInt8>) -> Int32 {
    var node: Int32 = 0
    for byte in piece {
      node = child(of: node, by: byte)
      if node == Self.none { return Self.none }
    }
    return id(at: node)
  }

  /// The longest piece that `text` begins with, as its id and its number of bytes.
  func longestPrefix(of text: ArraySlice<UInt8>) -> (id: Int, byteCount: Int)? {
    var node: Int32 = 0
    var found: (id: Int, byteCount: Int)?
    var count = 0
    for byte in text {
      node = child(of: node, by: byte)
      if node == Self.none { break }
      count += 1
      let id = ids[Int(node)]
      if id != Self.none { found = (Int(id), count) }
    }
    return found
  }
}
