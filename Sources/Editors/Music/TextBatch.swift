import Layers
import Tensors

/// Texts of different lengths as one batch: states padded with zeros, and which of them count.
struct TextBatch {
  /// `[B, L, D]`
  let states: Tensor
  let mask: KeyMask

  init(_ texts: [TextStates]) {
    let length = texts.map { $0.states.shape[0] }.max() ?? 1
    let dim = texts[0].states.channels
    var states = Tensor.zeros([texts.count, length, dim])
    states.withUnsafeMutableFloats { out in
      for (item, text) in texts.enumerated() {
        text.states.withUnsafeFloats { from in
          for i in 0..<from.count { out[item * length * dim + i] = from[i] }
        }
      }
    }
    self.states = states
    mask = KeyMask(
      texts.map { text in (0..<length).map { $0 < text.states.shape[0] } })
  }
}
