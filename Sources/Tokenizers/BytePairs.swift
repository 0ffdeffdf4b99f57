/// Byte-pair encoding (1508.07909) over the bytes of a word: pairs are joined, the earliest learned
/// first and of these the leftmost, until none is left.
///
/// Source: `models/bpe` of huggingface/tokenizers v0.23.
struct BytePairs: Sendable {
  static let idLimit = 1 << 24

  /// Id of each byte, or -1: such bytes are left out, as the library does without an unknown token.
  private let byteIDs: [Int32]
  /// Rank of a pair and the id of what it becomes.
  private let joins: [Pair: (rank: Int32, id: Int32)]

  private struct Pair: Hashable {
    let left: Int32
    let right: Int32
  }

  /// - Parameters:
  ///   - vocabulary: ids by piece, bytes written as ``ByteLevel/letters``.
  ///   - merges: pairs of pieces, first learned first.
  init(vocabulary: [String: Int], merges: [(String, String)], name: String) throws {
    func refuse(_ problem: String) -> TokenizerError { .malformed(file: name, problem: problem) }
    guard vocabulary.values.allSatisfy({ (0..<Self.idLimit).contains($0) }) else {
      throw refuse("a piece has an id that is not 0 to \(Self.idLimit)")
    }
    func id(_ piece: String) throws -> Int32 {
      guard let id = vocabulary[piece] else {
        throw refuse("a merge makes or needs '\(piece.prefix(40))', which is no piece")
      }
      return Int32(id)
    }
    byteIDs = ByteLevel.letters.map { Int32(vocabulary[String($0)] ?? -1) }
    var joins: [Pair: (rank: Int32, id: Int32)] = [:]
    joins.reserveCapacity(merges.count)
    for (rank, (left, right)) in merges.enumerated() {
      let pair = Pair(left: try id(left), right: try id(right))
      joins[pair] = (Int32(rank), try id(left + right))
    }
    self.joins = joins
  }

  private struct Candidate {
    let rank: Int32
    let place: Int32
    let pair: Pair
    let id: Int32

    func isBefore(_ other: Candidate) -> Bool { (rank, place) < (other.rank, other.place) }
  }

  /// The ids of a word.
  func ids(of word: [UInt8]) -> [Int] {
    var ids = word.map { byteIDs[Int($0)] }.filter { $0 >= 0 }
    // A linked list of what is left, so that each join takes the time of a look-up.
    var next = ids.indices.map { Int32($0 + 1) }
    var previous = ids.indices.map { Int32($0 - 1) }
    var queue = Heap<Candidate> { $0.isBefore($1) }
    func offer(_ place: Int32) {
      guard place >= 0, Int(next[Int(place)]) < ids.count else { return }
      let pair = Pair(left: ids[Int(place)], right: ids[Int(next[Int(place)])])
      guard let join = joins[pair] else { return }
      queue.insert(Candidate(rank: join.rank, place: place, pair: pair, id: join.id))
    }
    for place in ids.indices { offer(Int32(place)) }
    while let best = queue.removeFirst() {
      let place = Int(best.place)
      let right = Int(next[place])
      // Offers outlive their pairs; what stands there now decides.
      guard right < ids.count, ids[place] == best.pair.left, ids[right] == best.pair.right else {
        continue
      }
      ids[place] = best.id
      ids[right] = -1
      next[place] = next[right]
      if Int(next[right]) < ids.count { previous[Int(next[right])] = best.place }
      offer(best.place)
      offer(previous[place])
    }
    return ids.filter { $0 >= 0 }.map(Int.init)
  }
}

/// A binary heap, the least element first.
struct Heap<Element> {
  private var items: [Element] = []
  private let isBefore: (Element, Element) -> Bool

  init(by isBefore: @escaping (Element, Element) -> Bool) { self.isBefore = isBefore }

  mutating func insert(_ item: Element) {
    items.append(item)
    var place = items.count - 1
    while place > 0, isBefore(items[place], items[(place - 1) / 2]) {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func removeFirst() -> Element? {
    guard let first = items.first else { return nil }
    items.swapAt(0, items.count - 1)
    items.removeLast()
    var place = 0
    while case let child = lesserChild(of: place), child < items.count,
      isBefore(items[child], items[place])
    {
      items.swapAt(place, child)
      place = child
    }
    return first
  }

  private func lesserChild(of place: Int) -> Int {
    let (left, right) = (2 * place + 1, 2 * place + 2)
    return right < items.count && isBefore(items[right], items[left]) ? right : left
  }
}
