import Tensors
import TestSupport
import Testing

@Suite struct PackedWeightTests {
  @Test(arguments: [(1, 1, 1), (5, 17, 33), (37, 64, 20), (73, 130, 65), (430, 96, 385)])
  func equalsNaiveTwin(_ m: Int, _ n: Int, _ k: Int) throws {
    var random = Philox(seed: 7)
    let x = random.normals([m, k])
    let w = random.normals([n, k])
    let bias = random.normals([n])
    let plain = GemmTests.naive(x, w, .transposed)
    let wanted = plain.indices.map { plain[$0] + bias.floats[$0 % n] }
    let tolerance = Tolerance(relative: 1e-5, scaled: 1e-5)
    let single = PackedWeight(w, precision: .fp32)
    let product = single.product(x, bias: bias)
    try expectClose(product.floats, wanted, tolerance, "fp32", shape: [m, n])
    var sum = product
    single.add(x, bias: bias, to: &sum)
    try expectClose(sum.floats, wanted.map { 2 * $0 }, tolerance, "sum", shape: [m, n])
    let plainWeight = PackedWeight(w, precision: .bf16, packs: false)
    try expectClose(
      plainWeight.product(x, bias: bias).floats, wanted, tolerance, "OpenBLAS", shape: [m, n])
    try expectClose(
      plainWeight.product(x.asBFloat16(), bias: bias, output: .bf16).floats, wanted, .bf16Layer)
    sum = product
    plainWeight.add(x, bias: bias, to: &sum)
    try expectClose(sum.floats, wanted.map { 2 * $0 }, tolerance, "sum", shape: [m, n])
    let half = PackedWeight(w, precision: .bf16)
    try expectClose(half.product(x, bias: bias).floats, wanted, .bf16Layer, "bf16")
    let rounded = half.product(x.asBFloat16(), bias: bias, output: .bf16)
    try expectClose(rounded.floats, wanted, .bf16Layer, "bf16 in and out")
  }

  @Test(arguments: Activation.allCases)
  func activationsAreApplied(_ activation: Activation) throws {
    var random = Philox(seed: 8)
    let x = random.normals([50, 12])
    let w = random.normals([33, 12])
    let weight = PackedWeight(w, precision: .fp32)
    let wanted = weight.product(x).applying(activation)
    // oneDNN's fused GELU is a polynomial with an error of a few 1e-6 of its argument.
    let tolerance = Tolerance(relative: 1e-5, scaled: 3e-6)
    try expectClose(weight.product(x, activation: activation), wanted, tolerance)
    try expectClose(
      weight.product(x, activation: activation, output: .bf16), wanted, .bf16Layer)
    let plain = PackedWeight(w, precision: .fp32, packs: false)
    try expectClose(plain.product(x, activation: activation), wanted, tolerance, "OpenBLAS")
  }
}

extension ThreadTests {
  @Test func packedProductsHaveTheSameBytesForAnyNumberOfThreads() throws {
    defer { Threads.set(0) }
    for precision in [Precision.fp32, .bf16] {
      var results: [[Float]] = []
      for threads in [1, 2, 3] {
        Threads.set(threads)
        var random = Philox(seed: 6)
        let x = random.normals([431, 384])
        let weight = PackedWeight(random.normals([1536, 384]), precision: precision)
        results.append(weight.product(x, activation: .gelu).floats)
      }
      #expect(results[0] == results[1] && results[1] == results[2], "\(precision)")
    }
  }
}
