import Checkpoints
import Tensors

/// Two linear layers with an activation between: `down(activation(up(x)))`.
public struct MLP: Sendable {
  private let up: Linear, down: Linear
  private let activation: Activation

  /// Takes `up` and `down`.
  public init(_ w: WeightScope, dim: Int, hidden: Int, activation: Activation) throws {
    self.init(
      up: try Linear(w / "up", in: dim, out: hidden),
      down: try Linear(w / "down", in: hidden, out: dim), activation: activation)
  }

  public init(up: Linear, down: Linear, activation: Activation) {
    (self.up, self.down, self.activation) = (up, down, activation)
  }

  /// The element type that this layer reads without converting.
  public var inputType: DType { up.inputType }

  /// `[..., C] -> [..., C]`
  public func callAsFunction(_ x: Tensor) -> Tensor { down(inner(x)) }

  /// `sum += mlp(x)`
  public func add(_ x: Tensor, to sum: inout Tensor) { down.add(inner(x), to: &sum) }

  private func inner(_ x: Tensor) -> Tensor {
    up(x, activation: activation, output: down.inputType)
  }
}
