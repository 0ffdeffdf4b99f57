import Tensors

/// Lets an item of a batch attend as another one does, token by token (prompt-to-prompt, 2208.01626).
///
/// With the attention maps P of both items, the target's becomes `P_source M + P_target diag(own)`; as
/// values are summed by maps, it is enough to give the source's queries and keys the values
/// `M V_target`, and the target's own the values `diag(own) V_target`.
public struct AttentionControl: Sendable {
  /// Item whose attention is borrowed, and item that borrows it.
  public let source: Int, target: Int
  /// Nonzero entries of M: what attends to a source token attends so much to a target token.
  public let borrowed: [(from: Int, to: Int, weight: Float)]
  /// How much of its own attention each of the target's tokens keeps.
  public let own: [Float]

  public init(
    source: Int, target: Int, borrowed: [(from: Int, to: Int, weight: Float)], own: [Float]
  ) {
    (self.source, self.target, self.borrowed, self.own) = (source, target, borrowed, own)
  }

  /// What the target's queries get.
  ///
  /// - Parameters:
  ///   - queries: `[B, Tq, width]`
  ///   - rows: keys, then values, of each token: `[B, Tk, 2 width]`
  /// - Returns: `[Tq, width]`
  func mixed(queries: Tensor, rows: Tensor, heads: Int, mask: KeyMask?) -> Tensor {
    let (keys, width) = (rows.shape[1], queries.channels)
    let values = rows[target].floats
    var (lent, kept) = (
      [Float](repeating: 0, count: keys * width), [Float](repeating: 0, count: keys * width)
    )
    func add(_ token: Int, times weight: Float, to row: Int, of sum: inout [Float]) {
      let from = (2 * token + 1) * width
      for channel in 0..<width { sum[row * width + channel] += weight * values[from + channel] }
    }
    for entry in borrowed { add(entry.to, times: entry.weight, to: entry.from, of: &lent) }
    for (token, weight) in own.enumerated() where weight != 0 {
      add(token, times: weight, to: token, of: &kept)
    }
    let size = width / heads
    func attended(_ item: Int, _ values: [Float]) -> Tensor {
      let one = [1, queries.shape[1], width]
      return attention(
        queries: HeadRows(queries[item].reshaped(one)),
        keys: HeadRows(rows[item].reshaped([1, keys, 2 * width])),
        values: HeadRows(Tensor(vector: values).reshaped([1, keys, width])), heads: heads,
        size: size, scale: 1 / Float(size).squareRoot(), mask: mask?.only(item))[0]
    }
    return attended(source, lent).adding(attended(target, kept))
  }
}

extension KeyMask {
  /// The mask of one item.
  func only(_ item: Int) -> KeyMask {
    KeyMask([(0..<additive.shape[1]).map { additive[item].floats[$0] == 0 }])
  }

  /// For each item, which keys count.
  public var present: [[Bool]] {
    (0..<additive.shape[0]).map { additive[$0].floats.map { $0 == 0 } }
  }
}
