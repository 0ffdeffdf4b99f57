import Tensors

/// How close results must be to their references, by what is compared.
///
/// An element may differ by `relative * |wanted| + scaled * max|wanted|`.
public struct Tolerance: Sendable {
  public let relative: Double
  public let scaled: Double

  public init(relative: Double, scaled: Double) {
    self.relative = relative
    self.scaled = scaled
  }

  /// Equal bytes.
  public static let exact = Tolerance(relative: 0, scaled: 0)
  /// One kernel against its naive twin.
  public static let kernel = Tolerance(relative: 1e-5, scaled: 1e-6)
  /// One layer against PyTorch.
  public static let layer = Tolerance(relative: 5e-5, scaled: 5e-6)
  /// A block of layers against PyTorch.
  public static let block = Tolerance(relative: 1e-4, scaled: 2e-5)
  /// A whole network against PyTorch.
  public static let model = Tolerance(relative: 5e-4, scaled: 1e-4)
  /// A published model family in single precision against its publisher's code: the largest error
  /// over the largest value.
  public static let family = Tolerance(relative: 0, scaled: 1e-4)
  /// Sound samples after a whole chain.
  public static let waveform = Tolerance(relative: 1e-3, scaled: 5e-4)
  /// One bf16 product against single precision: factors carry 8 bits.
  public static let bf16Layer = Tolerance(relative: 1e-2, scaled: 1e-2)
  /// A whole network in bf16 against single precision.
  public static let bf16Model = Tolerance(relative: 3e-2, scaled: 3e-2)
}

/// What a failed comparison found; its description names the worst element and both values.
public struct Mismatch: Error, CustomStringConvertible {
  public let description: String
}

/// Throws ``Mismatch`` unless `got` equals `wanted` within the tolerance; NaN never does.
public func expectClose(
  _ got: [Float], _ wanted: [Float], _ tolerance: Tolerance, _ what: String = "values",
  shape: [Int]? = nil
) throws {
  guard got.count == wanted.count else {
    throw Mismatch(description: "\(what): \(got.count) values, wanted \(wanted.count)")
  }
  let scale = Double(wanted.reduce(0) { max($0, abs($1)) })
  var (worst, worstExcess, bad) = (-1, 0.0, 0)
  for i in got.indices where got[i] != wanted[i] {
    let allowed = tolerance.relative * abs(Double(wanted[i])) + tolerance.scaled * scale
    let difference = abs(Double(got[i]) - Double(wanted[i]))
    let excess = difference.isNaN ? .infinity : difference - allowed
    if excess > 0 {
      bad += 1
      if excess > worstExcess { (worst, worstExcess) = (i, excess) }
    }
  }
  guard bad > 0, worst >= 0 else { return }
  let place = shape.map { "\(position(worst, in: $0))" } ?? "\(worst)"
  throw Mismatch(
    description: "\(what): \(bad) of \(got.count) values differ; worst at \(place): "
      + "got \(got[worst]), wanted \(wanted[worst]) (largest wanted \(scale))")
}

/// Throws ``Mismatch`` unless shapes are equal and elements agree within the tolerance.
public func expectClose(
  _ got: Tensor, _ wanted: Tensor, _ tolerance: Tolerance, _ what: String = "tensor"
) throws {
  guard got.shape == wanted.shape else {
    throw Mismatch(description: "\(what): shape \(got.shape), wanted \(wanted.shape)")
  }
  try expectClose(got.floats, wanted.floats, tolerance, what, shape: wanted.shape)
}

private func position(_ index: Int, in shape: [Int]) -> [Int] {
  var rest = index
  return shape.reversed().map { extent in
    defer { rest /= max(1, extent) }
    return rest % max(1, extent)
  }.reversed()
}
