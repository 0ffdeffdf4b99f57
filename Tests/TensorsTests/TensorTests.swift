import Tensors
import TestSupport
import Testing

@Suite struct TensorTests {
  @Test func viewsShareAndWritesDoNot() throws {
    let original = try Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
    var copy = original[rows: 1..<3]
    #expect(copy.shape == [2, 2])
    #expect(copy.floats == [3, 4, 5, 6])
    copy.withUnsafeMutableFloats { $0[0] = 9 }
    #expect(copy.floats == [9, 4, 5, 6])
    #expect(original.floats == [1, 2, 3, 4, 5, 6])
    #expect(original[2].floats == [5, 6])
    #expect(original.reshaped([6]).shape == [6])
  }

  @Test func wrongSizeThrows() {
    #expect(throws: TensorError.size(name: "x", expected: 4, got: 3)) {
      _ = try Tensor([1, 2, 3], shape: [2, 2], name: "x")
    }
  }

  @Test func borrowedMemoryIsKeptAliveAndNeverWritten() throws {
    final class Owner {
      let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
      var freed: () -> Void = {}
      deinit {
        freed()
        memory.deallocate()
      }
    }
    var owner: Owner? = Owner()
    let memory = try #require(owner?.memory)
    memory.initialize(repeating: 2)
    nonisolated(unsafe) var freed = false
    owner?.freed = { freed = true }
    var tensor: Tensor? = try Tensor(
      borrowing: UnsafeRawBufferPointer(memory), shape: [4], dtype: .f32, owner: #require(owner))
    owner = nil
    #expect(!freed)
    var copy = try #require(tensor)
    copy.withUnsafeMutableFloats { $0[1] = 7 }
    #expect(memory[1] == 2)
    #expect(tensor?.floats == [2, 2, 2, 2])
    tensor = nil
    #expect(freed)
    #expect(copy.floats == [2, 7, 2, 2])
  }

  @Test func bfloat16RoundsToNearestEven() {
    let values: [Float] = [1, 1.00390625, 1.01171875, -3.14159, 0, .infinity]
    let halves = Tensor(vector: values).asBFloat16()
    #expect(halves.floats[0] == 1)
    #expect(halves.floats[1] == 1)
    #expect(halves.floats[2] == 1.015625)
    #expect(halves.floats[5] == .infinity)
    #expect(Tensor(vector: [.nan]).asBFloat16().floats[0].isNaN)
  }
}

@Suite struct GemmTests {
  static func naive(_ a: Tensor, _ b: Tensor, _ layout: Layout) -> [Float] {
    let (m, k) = (a.rows, a.channels)
    let n = layout == .plain ? b.shape[1] : b.shape[0]
    let (x, y) = (a.floats, b.floats)
    var out = [Float](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for l in 0..<k {
          sum += Double(x[i * k + l]) * Double(layout == .plain ? y[l * n + j] : y[j * k + l])
        }
        out[i * n + j] = Float(sum)
      }
    }
    return out
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 7), (67, 129, 65), (33, 300, 384), (257, 31, 100)])
  func equalsNaiveTwin(_ m: Int, _ n: Int, _ k: Int) throws {
    var random = Philox(seed: 1)
    let a = random.normals([m, k])
    for layout in [Layout.plain, .transposed] {
      let b = random.normals(layout == .plain ? [k, n] : [n, k])
      try expectClose(
        a.matmul(b, layout).floats, Self.naive(a, b, layout),
        Tolerance(relative: 1e-5, scaled: 1e-5), "product \(layout)", shape: [m, n])
    }
  }
}

@Suite(.serialized) struct ThreadTests {
  @Test func sameBytesForAnyNumberOfThreads() throws {
    defer { Threads.set(0) }
    var products: [[Float]] = []
    var noise: [[Float]] = []
    for threads in [1, 2, 3] {
      Threads.set(threads)
      var random = Philox(seed: 5)
      let a = random.normals([430, 384])
      let b = random.normals([1536, 384])
      noise.append(a.floats)
      products.append(a.matmul(b, .transposed).floats)
    }
    #expect(noise[0] == noise[1] && noise[1] == noise[2])
    #expect(products[0] == products[1] && products[1] == products[2])
  }

  @Test func parallelLoopsVisitEachTileOnce() {
    let count = 1000
    let hits = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer { hits.deallocate() }
    hits.initialize(repeating: 0, count: count)
    nonisolated(unsafe) let shared = hits
    parallelRanges(count, grain: 7) { range in
      parallelFor(range.count) { shared[range.lowerBound + $0] += 1 }
    }
    #expect((0..<count).allSatisfy { hits[$0] == 1 })
  }
}

@Suite struct PhiloxTests {
  /// Known answers of the reference implementation (Random123, kat_vectors).
  @Test func equalsReferenceImplementation() {
    var zero = Philox(seed: 0)
    #expect(zero.next() == 0xE169_C58D_6627_E8D5)
    #expect(zero.next() == 0x9B00_DBD8_BC57_AC4C)
  }

  @Test func normalsHaveMeanZeroAndVarianceOne() {
    var random = Philox(seed: 42, stream: 3)
    let values = random.normals([100_000]).floats.map(Double.init)
    let mean = values.reduce(0, +) / 100_000
    let variance = values.reduce(0) { $0 + $1 * $1 } / 100_000
    #expect(abs(mean) < 0.01 && abs(variance - 1) < 0.02)
    #expect(random.normals([4]).floats != Philox.first(seed: 42))
  }
}

extension Philox {
  static func first(seed: UInt64) -> [Float] {
    var random = Philox(seed: seed, stream: 3)
    return random.normals([4]).floats
  }
}
