import Checkpoints
import Tensors

extension WeightScope {
  /// Takes `weight`, or its length and direction as PyTorch's weight norm stores them:
  /// `weight = g * v / |v|` for each element of the first dimension (1602.07868).
  ///
  /// The two parts are `weight_g`, `weight_v` or `parametrizations.weight.original0`, `original1`.
  public func weight(_ shape: [Int]) throws -> Tensor {
    let pairs = [
      ("weight_g", "weight_v"),
      ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    ]
    guard let (length, direction) = pairs.first(where: { has($0.0) }) else {
      return try tensor("weight", shape)
    }
    let ones = [Int](repeating: 1, count: shape.count - 1)
    let g = try tensor(length, [shape[0]] + ones).floats
    var v = try tensor(direction, shape).asFloat32()
    let width = v.count / max(1, shape[0])
    v.withUnsafeMutableFloats { v in
      for row in g.indices {
        let range = row * width..<(row + 1) * width
        let norm = range.reduce(0.0) { $0 + Double(v[$1]) * Double(v[$1]) }.squareRoot()
        // A direction of zeros has no length to restore.
        let factor = norm > 0 ? Float(Double(g[row]) / norm) : 0
        for i in range { v[i] *= factor }
      }
    }
    return v
  }
}
