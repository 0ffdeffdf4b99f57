import CKernels
import Checkpoints
import Tensors

/// Shift, scale and gate of a block's branches for each item: `[B, 9, C]` in the order
/// (shift, scale, gate) x (self-attention, cross-attention, MLP).
public struct Modulation: Sendable {
  /// `[B, C]` each; scales are whole factors (1 + the network's scale).
  let shifts: [Tensor], scales: [Tensor], gates: [Tensor]

  /// - Parameters:
  ///   - shared: `[B, 9 * C]`, a function of the timestep.
  ///   - table: `[9, C]`, the block's own.
  init(_ shared: Tensor, table: Tensor) {
    let dim = table.channels
    let items = shared.shape[0]
    let (values, own) = (shared.floats, table.floats)
    func part(_ index: Int, plus offset: Float = 0) -> Tensor {
      let vectors = (0..<items).flatMap { item in
        (0..<dim).map { values[(item * 9 + index) * dim + $0] + own[index * dim + $0] + offset }
      }
      return Tensor(vector: vectors).reshaped([items, dim])
    }
    shifts = [0, 3, 6].map { part($0) }
    scales = [1, 4, 7].map { part($0, plus: 1) }
    gates = [2, 5, 8].map { part($0) }
  }
}

/// Pre-norm transformer block: self-attention with rotary positions, cross-attention to text, MLP.
///
/// It is modulated by AdaLN-single (2310.00426, section 2.3): norms without weights, and shift, scale
/// and gate of each branch from the timestep plus the block's own table.
/// Source: `Block` in Models/training/networks.py.
public struct TransformerBlock: Sendable {
  private let dim: Int, heads: Int
  private let norm: LayerNorm
  private let rotary: Rotary
  private let qkv: Linear, selfOut: Linear
  private let crossQuery: Linear, crossKeyValue: Linear, crossOut: Linear
  private let mlp: MLP
  private let table: Tensor

  /// Takes `attention.{qkv,out}`, `cross.{q,kv,out}`, `mlp.{up,down}` and `table [9, C]`.
  ///
  /// - Parameter rotary: positions for heads of `dim / heads`, shared by the blocks of a network.
  public init(
    _ w: WeightScope, dim: Int, textDim: Int, heads: Int, rotary: Rotary
  ) throws {
    precondition(rotary.size == dim / heads, "rotary positions of \(rotary.size)")
    (self.dim, self.heads, self.rotary) = (dim, heads, rotary)
    norm = LayerNorm(dim: dim, epsilon: 1e-6)
    qkv = try Linear(w / "attention" / "qkv", in: dim, out: 3 * dim)
    selfOut = try Linear(w / "attention" / "out", in: dim, out: dim)
    crossQuery = try Linear(w / "cross" / "q", in: dim, out: dim)
    crossKeyValue = try Linear(w / "cross" / "kv", in: textDim, out: 2 * dim)
    crossOut = try Linear(w / "cross" / "out", in: dim, out: dim)
    mlp = try MLP(w / "mlp", dim: dim, hidden: 4 * dim, activation: .geluTanh)
    table = try w.tensor("table", [9, dim]).asFloat32()
  }

  /// Keys and values of the text states, which are the same at each step of a sampler:
  /// `[B, L, textDim] -> [B, L, 2 C]`.
  public func textKeysAndValues(_ text: Tensor) -> Tensor { crossKeyValue(text) }

  /// One pass over the residual stream.
  ///
  /// - Parameters:
  ///   - x: `[B, T, C]`, changed in place.
  ///   - text: what ``textKeysAndValues(_:)`` made.
  ///   - mask: which text states count.
  ///   - modulation: `[B, 9 * C]`
  public func callAsFunction(
    _ x: inout Tensor, text: Tensor, mask: KeyMask, modulation: Tensor
  ) {
    let m = Modulation(modulation, table: table)
    func normed(_ branch: Int, _ output: DType) -> Tensor {
      norm.modulated(x, scale: m.scales[branch], shift: m.shifts[branch], output: output)
    }
    addGated(selfOut(selfAttention(normed(0, qkv.inputType))), gate: m.gates[0], to: &x)
    let heard = crossAttention(normed(1, crossQuery.inputType), text, mask)
    addGated(crossOut(heard), gate: m.gates[1], to: &x)
    addGated(mlp(normed(2, mlp.inputType)), gate: m.gates[2], to: &x)
  }

  private func selfAttention(_ x: Tensor) -> Tensor {
    var rows = qkv(x)
    rotary.rotate(&rows, heads: 2 * heads)  // queries and keys lie side by side
    let size = dim / heads
    return attention(
      queries: HeadRows(rows), keys: HeadRows(rows, offset: dim),
      values: HeadRows(rows, offset: 2 * dim), heads: heads, size: size,
      scale: 1 / Float(size).squareRoot(), output: selfOut.inputType)
  }

  private func crossAttention(_ x: Tensor, _ text: Tensor, _ mask: KeyMask) -> Tensor {
    let size = dim / heads
    return attention(
      queries: HeadRows(crossQuery(x)), keys: HeadRows(text),
      values: HeadRows(text, offset: dim), heads: heads, size: size,
      scale: 1 / Float(size).squareRoot(), mask: mask, output: crossOut.inputType)
  }
}

/// `x += gate * y` with a gate for each item: `[B, T, C]`, `[B, C]`.
public func addGated(_ y: Tensor, gate: Tensor, to x: inout Tensor) {
  let (items, length, channels) = (x.shape[0], x.shape[1], x.channels)
  let grain = max(1, 32768 / channels)
  let pieces = (length + grain - 1) / grain
  x.withUnsafeMutableFloats { x in
    y.withUnsafeFloats { y in
      gate.withUnsafeFloats { gate in
        guard let x = x.baseAddress, let y = y.baseAddress, let gate = gate.baseAddress
        else { return }
        parallelFor(items * pieces) { tile in
          let (item, first) = (tile / pieces, tile % pieces * grain)
          let start = (item * length + first) * channels
          ck_scale_add(
            x + start, gate + item * channels, y + start, min(grain, length - first), channels)
        }
      }
    }
  }
}
