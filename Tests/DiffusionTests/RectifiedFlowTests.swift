import Diffusion
import Tensors
import TestSupport
import Testing

@Suite struct RectifiedFlowTests {
  @Test func straightFlowArrivesInAnyNumberOfSteps() throws {
    var random = Philox(seed: 1)
    let noise = random.normals([1, 5, 3])
    let data = random.normals([1, 5, 3])
    var velocity = data
    velocity.combine(-1, noise, 1)
    for steps in [1, 3, 8] {
      let made = RectifiedFlow(steps: steps)(from: noise) { _, _ in velocity }
      try expectClose(made, data, .layer, "\(steps) steps")
    }
  }

  @Test func knownRowsAreKeptAndLieOnThePath() throws {
    var random = Philox(seed: 2)
    let noise = random.normals([1, 4, 2])
    let known = random.normals([1, 4, 2])
    let mask = try Tensor([1, 0, 0, 1], shape: [1, 4, 1])
    var times: [Float] = []
    let made = RectifiedFlow(steps: 4)(from: noise, known: known, knownMask: mask) { x, t in
      times.append(t)
      for i in [0, 1, 6, 7] {
        let path = (1 - t) * noise.floats[i] + t * known.floats[i]
        #expect(abs(x.floats[i] - path) < 1e-5)
      }
      return .zeros([1, 4, 2])
    }
    #expect(times == [0, 0.25, 0.5, 0.75])
    #expect(made[0][0].floats == known[0][0].floats && made[0][3].floats == known[0][3].floats)
    #expect(made[0][1].floats == noise[0][1].floats)
  }

  @Test func guidance() throws {
    let both = try Tensor([1, 2, 3, 5], shape: [2, 1, 2])
    #expect(guided(both, weight: 1).floats == [1, 2])
    #expect(guided(both, weight: 0).floats == [3, 5])
    #expect(guided(both, weight: 3).floats == [-3, -4])
  }
}
