import Checkpoints
import Layers
import Tensors

/// Sizes of ``GPT2``, by the names of `GPT2Config` in huggingface/transformers.
public struct GPT2Config: Sendable, Equatable {
  public let vocabulary: Int
  public let positions: Int
  public let dim: Int
  public let layers: Int
  public let heads: Int
  public let hidden: Int
  public let epsilon: Float
  /// States that AudioLDM 2 has it add.
  public let newTokens: Int

  /// - Throws: `CheckpointError` naming the field that is wrong or not supported.
  public init(_ c: PublishedConfig) throws {
    try c.expect("activation_function", .string("gelu_new"))
    try c.expect("scale_attn_weights", .bool(true))
    for key in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] {
      try c.expect(key, .bool(false))
    }
    vocabulary = try c.size("vocab_size", default: 50257)
    positions = try c.size("n_positions", default: 1024, in: 1...65536)
    dim = try c.size("n_embd", default: 768, in: 1...65536)
    layers = try c.size("n_layer", default: 12, in: 1...256)
    heads = try c.size("n_head", default: 12, in: 1...1024)
    hidden = try c.size("n_inner", default: 4 * dim, in: 1...262_144)
    epsilon = Float(try c.number("layer_norm_epsilon", default: 1e-5))
    newTokens = try c.size("max_new_tokens", default: 8, in: 1...positions)
    try c.check(dim % heads == 0, "n_head", "does not divide n_embd")
  }
}

/// GPT-2 (Radford et al., 2019) on vectors instead of tokens: each state sees those before it.
///
/// Source: `GPT2Model` in huggingface/transformers (models/gpt2/modeling_gpt2.py), names and
/// arithmetic.
public struct GPT2: Sendable {
  public let config: GPT2Config
  private let positions: Tensor
  private let blocks: [Block]
  private let norm: LayerNorm

  private struct Block: Sendable {
    let attentionNorm: LayerNorm, qkv: Linear, out: Linear
    let norm: LayerNorm, up: Linear, down: Linear
    let heads: Int, dim: Int

    init(_ w: WeightScope, _ c: GPT2Config) throws {
      (heads, dim) = (c.heads, c.dim)
      attentionNorm = try LayerNorm(w / "ln_1", dim: c.dim, epsilon: c.epsilon)
      qkv = try Linear(turned: w / "attn.c_attn", in: c.dim, out: 3 * c.dim)
      out = try Linear(turned: w / "attn.c_proj", in: c.dim, out: c.dim)
      norm = try LayerNorm(w / "ln_2", dim: c.dim, epsilon: c.epsilon)
      up = try Linear(turned: w / "mlp.c_fc", in: c.dim, out: c.hidden)
      down = try Linear(turned: w / "mlp.c_proj", in: c.hidden, out: c.dim)
      // Causal masks that old files hold.
      for mask in ["attn.bias", "attn.masked_bias"] { w.ignore(mask) }
    }

    func callAsFunction(_ x: inout Tensor, causal: Tensor, mask: KeyMask) {
      let rows = qkv(attentionNorm(x, output: qkv.inputType))
      let size = dim / heads
      out.add(
        attention(
          queries: HeadRows(rows), keys: HeadRows(rows, offset: dim),
          values: HeadRows(rows, offset: 2 * dim), heads: heads, size: size,
          scale: 1 / Float(size).squareRoot(), bias: causal, mask: mask, output: out.inputType),
        to: &x)
      let h = up(
        norm(x, output: up.inputType), activation: .geluTanh, output: down.inputType)
      down.add(h, to: &x)
    }
  }

  /// Takes `wpe`, `h.N` and `ln_f`, perhaps below `transformer`; the token table and the output
  /// layer are passed over.
  ///
  /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
  public init(_ root: WeightScope, config c: GPT2Config) throws {
    config = c
    let hasHead = (root / "transformer.wpe").has("weight")
    let w = hasHead ? root / "transformer" : root
    positions = try (w / "wpe").tensor("weight", [c.positions, c.dim]).asFloat32()
    blocks = try (0..<c.layers).map { try Block(w / "h" / $0, c) }
    norm = try LayerNorm(w / "ln_f", dim: c.dim, epsilon: c.epsilon)
    w.ignore("wte.weight")
    root.ignore("lm_head.weight")
  }

  /// The states behind vectors `[B, T, dim]`, T up to `config.positions`.
  ///
  /// - Parameter present: for each item, which of its vectors may be seen.
  public func callAsFunction(_ vectors: Tensor, present: [[Bool]]) -> Tensor {
    let (items, length) = (vectors.shape[0], vectors.shape[1])
    precondition(vectors.channels == config.dim && length <= config.positions, "\(vectors.shape)")
    var x = vectors
    let places = positions[rows: 0..<length]
    x.combine(1, Tensor.stack([Tensor](repeating: places, count: items)), 1)
    var causal = Tensor.zeros([config.heads, length, length])
    causal.withUnsafeMutableFloats { causal in
      for row in 0..<config.heads * length {
        for key in row % length + 1..<length { causal[row * length + key] = -.infinity }
      }
    }
    let mask = KeyMask(present)
    for block in blocks { block(&x, causal: causal, mask: mask) }
    return norm(x)
  }

  /// Continues sequences by the states of their last vectors.
  ///
  /// - Returns: the `config.newTokens` new states, `[B, newTokens, dim]`.
  public func generate(after vectors: Tensor, present: [[Bool]]) -> Tensor {
    var sequences = (0..<vectors.shape[0]).map { vectors[$0].floats }
    var present = present
    let (dim, start) = (config.dim, vectors.shape[1])
    for step in 0..<config.newTokens {
      let length = start + step
      let batch = Tensor(vector: sequences.flatMap { $0 })
        .reshaped([sequences.count, length, dim])
      let states = self(batch, present: present)
      for item in sequences.indices {
        sequences[item] += states[item][length - 1].floats
        present[item].append(true)
      }
    }
    return Tensor(vector: sequences.flatMap { $0[(start * dim)...] })
      .reshaped([sequences.count, config.newTokens, dim])
  }
}

extension Linear {
  /// A layer whose weight is published the other way round, `weight [in, out]`.
  fileprivate init(turned w: WeightScope, in inputs: Int, out outputs: Int) throws {
    let matrix = try w.tensor("weight", [inputs, outputs]).asFloat32()
    self.init(matrix.transposed(), bias: try w.tensor("bias", [outputs]))
  }
}
