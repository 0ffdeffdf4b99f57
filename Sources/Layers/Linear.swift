import Checkpoints
import Tensors

/// `y = x w^T + b`, the weight as published: `weight [out, in]`, `bias [out]`.
public struct Linear: Sendable {
  public let weight: PackedWeight
  public let bias: Tensor?

  /// The element type that this layer reads without converting: what its predecessor should write.
  public var inputType: DType { weight.inputType }

  /// Takes `weight` and, unless `bias` is false, `bias`.
  ///
  /// - Parameter outputScale: `[out]`, multiplied into weight and bias once (a layer scale).
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, bias: Bool = true,
    outputScale: Tensor? = nil
  ) throws {
    let matrix = try w.tensor("weight", [outputs, inputs])
    let vector = bias ? try w.tensor("bias", [outputs]).asFloat32() : nil
    self.init(matrix, bias: vector, outputScale: outputScale)
  }

  /// - Parameters:
  ///   - matrix: `[out, in]`.
  ///   - bias: `[out]`.
  ///   - outputScale: `[out]`, multiplied into both.
  public init(_ matrix: Tensor, bias: Tensor?, outputScale: Tensor? = nil) {
    guard let outputScale else {
      weight = PackedWeight(matrix)
      self.bias = bias?.asFloat32()
      return
    }
    let (scale, width) = (outputScale.floats, matrix.channels)
    var scaled = matrix.asFloat32()
    scaled.withUnsafeMutableFloats { values in
      for (row, factor) in scale.enumerated() {
        for i in row * width..<(row + 1) * width { values[i] *= factor }
      }
    }
    weight = PackedWeight(scaled)
    self.bias = bias.map { Tensor(vector: zip($0.floats, scale).map { $0 * $1 }) }
  }

  /// `[..., in] -> [..., out]`
  public func callAsFunction(
    _ x: Tensor, activation: Activation = .identity, output: DType = .f32
  ) -> Tensor {
    weight.product(x, bias: bias, activation: activation, output: output)
  }

  /// `sum += x w^T + b`, without a pass of its own over `sum`.
  public func add(_ x: Tensor, to sum: inout Tensor) { weight.add(x, bias: bias, to: &sum) }
}

/// A table of vectors: `[..., count] ids -> [count, dim]`.
public struct Embedding: Sendable {
  private let table: Tensor
  /// Number of vectors.
  public var count: Int { table.shape[0] }

  /// Takes `weight [count, dim]`.
  public init(_ w: WeightScope, count: Int, dim: Int) throws {
    table = try w.tensor("weight", [count, dim])
  }

  /// - Returns: `[ids.count, dim]`
  /// - Throws: ``LayerError/token(id:count:)`` for an id outside the table.
  public func callAsFunction(_ ids: [Int]) throws -> Tensor {
    let dim = table.channels
    if let bad = ids.first(where: { $0 < 0 || $0 >= count }) {
      throw LayerError.token(id: bad, count: count)
    }
    var out = Tensor(uninitialized: [ids.count, dim])
    table.withUnsafeBytes { from in
      out.withUnsafeMutableBytes { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for (row, id) in ids.enumerated() {
          convert(
            from + id * dim * table.dtype.byteCount, table.dtype, to: to + row * dim * 4, .f32,
            count: dim)
        }
      }
    }
    return out
  }
}

/// What can be wrong with a layer's input that comes from outside.
public enum LayerError: Error, Equatable, CustomStringConvertible {
  /// A token id that the embedding table does not hold.
  case token(id: Int, count: Int)

  public var description: String {
    switch self {
    case .token(let id, let count):
      "token id \(id) is outside the model's vocabulary of \(count);"
        + " the tokenizer belongs to another model"
    }
  }
}
