import Checkpoints
import Layers
import Tensors

/// The path across chunks: a chunk's tokens attend to summaries of earlier chunks.
///
/// Source: `MemoryAttention` in Models/training/networks.py; after the dual-path chunk transformer of
/// InstructME (2308.14360, section 3.2), with means as memory (1911.05507).
struct MemoryAttention: Sendable {
  private let dim: Int, heads: Int
  private let norm: LayerNorm
  private let query: Linear, keyValue: Linear, out: Linear

  init(_ w: WeightScope, dim: Int, heads: Int) throws {
    (self.dim, self.heads) = (dim, heads)
    norm = LayerNorm(dim: dim, epsilon: 1e-6)
    query = try Linear(w / "q", in: dim, out: dim)
    keyValue = try Linear(w / "kv", in: dim, out: 2 * dim)
    out = try Linear(w / "out", in: dim, out: dim)
  }

  /// Keys and values of summaries, which are the same at each step of a sampler:
  /// `[B, M, C] -> [B, M, 2 C]`.
  func keysAndValues(_ summaries: Tensor) -> Tensor {
    keyValue(norm(summaries, output: keyValue.inputType))
  }

  /// `x += attention(x, memory)` for the items whose gate is one.
  ///
  /// - Parameters:
  ///   - x: `[B, T, C]`
  ///   - memory: what ``keysAndValues(_:)`` made, `[B, M, 2 C]`.
  ///   - gate: `[B, C]`, ones or zeros.
  func callAsFunction(_ x: inout Tensor, memory: Tensor, gate: Tensor) {
    let size = dim / heads
    let heard = attention(
      queries: HeadRows(query(norm(x, output: query.inputType))), keys: HeadRows(memory),
      values: HeadRows(memory, offset: dim), heads: heads, size: size,
      scale: 1 / Float(size).squareRoot(), output: out.inputType)
    addGated(out(heard), gate: gate, to: &x)
  }
}

/// What a stem editor remembers of the chunks that it has made: a bounded number of summaries, so that
/// memory and time do not grow with the song.
public struct StemMemory: Sendable {
  /// Summaries that are kept of each path: 32 chunks of 128 latents, over two minutes of new sound.
  public static let limit = 256

  /// For each path `[M, C]`, oldest first.
  private(set) var paths: [Tensor] = []

  public init() {}

  /// Summaries of each path.
  public var count: Int { paths.first?.rows ?? 0 }

  var isEmpty: Bool { paths.isEmpty }

  /// These and a chunk's.
  func adding(_ summaries: [Tensor]) -> StemMemory {
    var memory = self
    memory.paths = summaries.enumerated().map { index, new in
      let width = new.channels
      let old = isEmpty ? [] : paths[index].floats
      let kept = (old + new.floats).suffix(Self.limit * width)
      return Tensor(vector: Array(kept)).reshaped([kept.count / width, width])
    }
    return memory
  }
}
