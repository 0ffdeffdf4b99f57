import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

/// Layers against PyTorch (Tests/Fixtures/make_layers.py), in single precision and in bf16.
@Suite struct LayerParityTests {
  let file: SafetensorsFile

  init() throws { file = try Fixtures.tensors("layers/layers.safetensors") }

  /// Builds the layer of `name` in both precisions and compares its outputs.
  func check(
    _ name: String, _ tolerance: Tolerance = .layer, half: Tolerance = .bf16Layer,
    _ layer: (WeightScope, Tensor) throws -> Tensor
  ) throws {
    let x = try file.tensor(name + ".x")
    let y = try file.tensor(name + ".y")
    try Precision.$current.withValue(.fp32) {
      try expectClose(layer(file.scope() / name, x), y, tolerance, name)
    }
    try Precision.$current.withValue(.bf16) {
      try expectClose(layer(file.scope() / name, x), y, half, name + " in bf16")
    }
  }

  @Test func linear() throws {
    try check("linear") { w, x in try Linear(w, in: 37, out: 29)(x) }
    try check("linear_nobias") { w, x in try Linear(w, in: 16, out: 50, bias: false)(x) }
  }

  @Test func linearScaleIsFolded() throws {
    let x = try file.tensor("linear.x")
    let scale = Philox.vector(29)
    let w = file.scope() / "linear"
    try Precision.$current.withValue(.fp32) {
      let folded = try Linear(w, in: 37, out: 29, outputScale: Tensor(vector: scale))(x).floats
      let plain = try Linear(w, in: 37, out: 29)(x).floats
      try expectClose(folded, plain.indices.map { plain[$0] * scale[$0 % 29] }, .layer)
    }
  }

  @Test func norms() throws {
    try check("layer_norm") { w, x in try LayerNorm(w, dim: 45, epsilon: 1e-6)(x) }
    try check("rms_norm") { w, x in try RMSNorm(w, dim: 45, epsilon: 1e-6)(x) }
    try check("group_norm") { w, x in try GroupNorm(w, groups: 3, channels: 21)(x) }
    let (scale, shift) = (try file.tensor("modulate.scale"), try file.tensor("modulate.shift"))
    try check("modulate") { _, x in
      LayerNorm(dim: 12, epsilon: 1e-6).modulated(
        x, scale: scale.scaled(by: 1, plus: 1), shift: shift)
    }
  }

  @Test func convolutionsOverTime() throws {
    try check("conv1d") { w, x in try Conv1d(w, in: 13, out: 21, kernel: 7, padding: 3)(x) }
    try check("conv1d_strided") { w, x in
      try Conv1d(w, in: 8, out: 11, kernel: 4, stride: 3, dilation: 2, padding: 5)(x)
    }
    try check("conv1d_grouped") { w, x in
      try Conv1d(w, in: 12, out: 9, kernel: 3, padding: 1, groups: 3)(x)
    }
    try check("conv1d_depthwise") { w, x in
      try Conv1d(w, in: 19, out: 19, kernel: 7, padding: 3, groups: 19)(x)
    }
    try check("transpose1d") { w, x in
      try ConvTranspose1d(
        w, in: 9, out: 6, kernel: 8, stride: 4, padding: 2, outputPadding: 1)(x)
    }
  }

  @Test func convolutionsOverPictures() throws {
    try check("conv2d") { w, x in
      try Conv2d(
        w, in: 5, out: 7, kernel: (3, 5), stride: (2, 1), dilation: (1, 2), padding: (1, 3))(x)
    }
    try check("conv2d_grouped") { w, x in
      try Conv2d(w, in: 6, out: 4, kernel: (3, 3), padding: (1, 1), groups: 2, bias: false)(x)
    }
    try check("transpose2d") { w, x in
      try ConvTranspose2d(w, in: 5, out: 4, kernel: (3, 4), stride: (1, 2), padding: (1, 1))(x)
    }
  }

  @Test func embedding() throws {
    try check("embedding", .exact, half: .exact) { w, x in
      try Embedding(w, count: 10, dim: 6)(x.floats.map { Int($0) })
    }
    let table = try Embedding(file.scope() / "embedding", count: 10, dim: 6)
    #expect(throws: LayerError.token(id: 10, count: 10)) { try table([10]) }
  }

  @Test func snakeAndTimestep() throws {
    try check("snake") { w, x in
      try Snake(w, channels: 10, hasBeta: false, logScale: true)(x)
    }
    try check("snake_beta") { w, x in
      try Snake(w, channels: 10, hasBeta: true, logScale: true)(x)
    }
    // Angles up to 1000 in single precision: their last bit is 6e-5.
    try check("timestep", Tolerance(relative: 0, scaled: 1e-4)) { _, t in
      timestepFeatures(t.floats, size: 64)
    }
  }

  @Test func relativeBias() throws {
    try check("relative", .exact, half: .exact) { w, _ in
      try RelativeBias(w, heads: 3, buckets: 32, maxDistance: 128)(length: 150)
    }
  }

  @Test func attention() throws {
    try check("attention_rotary", .block) { w, x in
      try MultiHeadAttention(
        query: Linear(w / "q", in: 24, out: 24), key: Linear(w / "k", in: 24, out: 24),
        value: Linear(w / "v", in: 24, out: 24), out: Linear(w / "o", in: 24, out: 24),
        heads: 3, size: 8, rotary: Rotary(size: 8))(x)
    }
    let context = try file.tensor("attention_cross.context")
    let mask = KeyMask(try file.flags("attention_cross.mask"))
    try check("attention_cross", .block) { w, x in
      try MultiHeadAttention(
        query: Linear(w / "q", in: 24, out: 24), key: Linear(w / "k", in: 10, out: 24),
        value: Linear(w / "v", in: 10, out: 24), out: Linear(w / "o", in: 24, out: 24),
        heads: 4, size: 6)(x, context: context, mask: mask)
    }
  }

  @Test func blocks() throws {
    try check("convnext", .block) { w, x in
      var y = x
      try ConvNeXtBlock(w, dim: 20, hidden: 44)(&y)
      return y
    }
    let text = try file.tensor("block.text")
    let mask = KeyMask(try file.flags("block.mask"))
    let modulation = try file.tensor("block.modulation").reshaped([2, 9 * 24])
    try check("block", .block) { w, x in
      let block = try TransformerBlock(
        w, dim: 24, textDim: 10, heads: 3, rotary: Rotary(size: 8))
      var y = x
      block(&y, text: block.textKeysAndValues(text), mask: mask, modulation: modulation)
      return y
    }
  }
}

extension Philox {
  static func vector(_ count: Int) -> [Float] {
    var random = Philox(seed: 1)
    return random.normals([count]).floats
  }
}
