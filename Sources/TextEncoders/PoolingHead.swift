import CKernels
import Checkpoints
import Layers
import Tensors

/// A classifier on token states: a few learned queries pool the states by attention, and two linear
/// layers read the pooled vectors.
///
/// Source: `Head` in Models/training/text/model.py.
public struct PoolingHead: Sendable {
  /// `[queries, dim]`
  private let query: Tensor
  private let hidden: Linear, output: Linear

  /// Takes `query`, `hidden` and `output`.
  public init(_ w: WeightScope, dim: Int, queries: Int, hidden: Int, classes: Int) throws {
    query = try w.tensor("query", [queries, dim]).asFloat32()
    self.hidden = try Linear(w / "hidden", in: queries * dim, out: hidden)
    output = try Linear(w / "output", in: hidden, out: classes)
  }

  /// States `[L, dim]` -> one logit for each class.
  public func callAsFunction(_ states: Tensor) -> [Float] {
    let (length, queries, dim) = (states.shape[0], query.shape[0], states.channels)
    var weights = query.matmul(states, .transposed)  // [queries, L]
    weights.withUnsafeMutableFloats { weights in
      guard let base = weights.baseAddress else { return }
      ck_softmax(base, queries, length, length, 1 / Float(dim).squareRoot(), nil, 0)
    }
    let pooled = weights.matmul(states).reshaped([1, queries * dim])
    return output(hidden(pooled, activation: .relu)).floats
  }
}
