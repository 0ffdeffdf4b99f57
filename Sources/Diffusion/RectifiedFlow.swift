import Tensors

/// Sampler of a rectified flow (2209.03003): follows the velocity from noise at t = 0 to data at
/// t = 1 by Euler's method in equal steps.
public struct RectifiedFlow: Sendable {
  public let steps: Int

  public init(steps: Int) {
    precondition(steps > 0, "a sampler needs at least one step")
    self.steps = steps
  }

  /// Samples from `noise`.
  ///
  /// - Parameters:
  ///   - known: data that is given, of the noise's shape, where `knownMask` is 1; it is laid on the
  ///     straight path from the noise at each step, and exact at the end.
  ///   - knownMask: `[..., 1]`, one number for each row.
  ///   - velocity: the flow at a point and time; may throw, for instance when it is cancelled.
  public func callAsFunction(
    from noise: Tensor, known: Tensor? = nil, knownMask: Tensor? = nil,
    velocity: (Tensor, Float) throws -> Tensor
  ) rethrows -> Tensor {
    var x = noise
    for step in 0..<steps {
      let t = Float(step) / Float(steps)
      if let known, let knownMask {
        var path = noise
        path.combine(t, known, 1 - t)
        x.replaceRows(by: path, where: knownMask)
      }
      x.combine(1 / Float(steps), try velocity(x, t), 1)
    }
    if let known, let knownMask { x.replaceRows(by: known, where: knownMask) }
    return x
  }
}

/// Classifier-free guidance (2207.12598): `unguided + weight * (guided - unguided)`.
///
/// - Parameter both: `[2 B, ...]`, the guided half first, computed as one batch.
/// - Returns: `[B, ...]`
public func guided(_ both: Tensor, weight: Float) -> Tensor {
  let items = both.shape[0] / 2
  var out = both[rows: items..<2 * items]
  out.combine(weight, both[rows: 0..<items], 1 - weight)
  return out
}

extension Tensor {
  /// Takes the rows of `other` where `mask` is 1.
  package mutating func replaceRows(by other: Tensor, where mask: Tensor) {
    precondition(shape == other.shape && mask.count == rows, "mask \(mask.shape) for \(shape)")
    let width = channels
    other.withUnsafeFloats { from in
      mask.withUnsafeFloats { mask in
        withUnsafeMutableFloats { to in
          guard let from = from.baseAddress, let to = to.baseAddress else { return }
          for row in 0..<mask.count where mask[row] == 1 {
            (to + row * width).update(from: from + row * width, count: width)
          }
        }
      }
    }
  }
}
