import Tensors

/// Replaces the pairs that PyTorch's weight normalisation (1602.07868) stores by the weights that
/// they stand for: `weight_g` and `weight_v` of `torch.nn.utils.weight_norm`, `original0` and
/// `original1` below `parametrizations.weight` of its successor. What is no such pair stays.
func foldingWeightNorms(_ tensors: [String: CheckpointTensor]) -> [String: CheckpointTensor] {
  var folded = tensors
  for (magnitudeKey, magnitude) in tensors {
    guard let (directionKey, key) = weightNormNames(magnitudeKey),
      let direction = tensors[directionKey], tensors[key] == nil,
      direction.type.isFloating, magnitude.type.isFloating, direction.count > 0,
      isMagnitude(magnitude.shape, of: direction.shape)
    else { continue }
    folded[magnitudeKey] = nil
    folded[directionKey] = nil
    folded[key] = CheckpointTensor(magnitude: magnitude, direction: direction)
  }
  return folded
}

/// For the name of a magnitude, the names of its direction and of the weight.
private func weightNormNames(_ key: String) -> (direction: String, weight: String)? {
  if key.hasSuffix(".original0") {
    var parts = key.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[parts.count - 3] == "parametrizations" else { return nil }
    parts.removeLast()
    let base = parts.joined(separator: ".")
    parts.remove(at: parts.count - 2)
    return (base + ".original1", parts.joined(separator: "."))
  }
  guard key.hasSuffix("_g") else { return nil }
  let weight = String(key.dropLast(2))
  return (weight + "_v", weight)
}

/// A magnitude has the direction's extent along one dimension and 1 along the others, or is one
/// number.
private func isMagnitude(_ magnitude: [Int], of direction: [Int]) -> Bool {
  if magnitude.allSatisfy({ $0 == 1 }) {
    return magnitude.isEmpty || magnitude.count == direction.count
  }
  return magnitude.count == direction.count
    && magnitude.filter { $0 != 1 }.count == 1
    && zip(magnitude, direction).allSatisfy { $0 == 1 || $0 == $1 }
}

/// `direction * magnitude / norm(direction)`, the norm over all dimensions but the magnitude's.
///
/// - Parameters:
///   - magnitude: `f32`, shape as ``isMagnitude(_:of:)`` has it.
///   - direction: `f32`.
func weightNormed(magnitude: Tensor, direction: Tensor) -> Tensor {
  let shape = direction.shape
  let kept = magnitude.shape.firstIndex { $0 != 1 }
  let groups = kept.map { shape[$0] } ?? 1
  let inner = kept.map { shape[($0 + 1)...].reduce(1, *) } ?? direction.count
  let g = magnitude.floats
  var out = direction
  out.withUnsafeMutableFloats { v in
    var squares = [Double](repeating: 0, count: groups)
    var index = 0
    while index < v.count {
      let group = index / inner % groups
      for place in index..<index + inner { squares[group] += Double(v[place]) * Double(v[place]) }
      index += inner
    }
    // A direction of zeros has no length to restore.
    let factors = zip(g, squares).map { $1 > 0 ? Float(Double($0) / $1.squareRoot()) : 0 }
    index = 0
    while index < v.count {
      let factor = factors[index / inner % groups]
      for place in index..<index + inner { v[place] *= factor }
      index += inner
    }
  }
  return out
}
