import CKernels
import Foundation
import Tensors
import TestSupport
import Testing

/// Each kernel against a loop in double precision, on sizes around the sixteen lanes.
@Suite struct KernelTests {
  static let sizes = [1, 15, 16, 17, 100]

  static func reference(_ function: Activation, _ x: Double) -> Double {
    switch function {
    case .identity: x
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .geluTanh:
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .silu: x / (1 + exp(-x))
    case .relu: max(0, x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: tanh(x)
    case .exp: exp(x)
    }
  }

  @Test(arguments: Activation.allCases)
  func functionsOfOneVariable(_ function: Activation) throws {
    for size in Self.sizes {
      var random = Philox(seed: 9)
      let x = random.normals([size]).scaled(by: 4)
      let g = random.normals([size])
      let wanted = x.floats.map { Float(Self.reference(function, Double($0))) }
      try expectClose(x.applying(function).floats, wanted, .kernel, "\(function) of \(size)")
      try expectClose(
        x.gating(function, g).floats, zip(wanted, g.floats).map(*), .kernel, "gate \(function)")
    }
  }

  @Test func extremesOfExp() {
    let x = Tensor(vector: [-.infinity, -200, -87, 0, 88, 300, .infinity, .nan])
    let y = x.applying(.exp).floats
    #expect(y[0] == 0 && y[1] == 0 && y[3] == 1 && y[5] > 2e38 && y[6] > 2e38 && y[7].isNaN)
    let sigmoid = Tensor(vector: [100, -100]).applying(.sigmoid).floats
    #expect(sigmoid[0] == 1 && sigmoid[1] < 1e-38)
  }

  @Test func reductions() {
    for size in Self.sizes {
      var random = Philox(seed: 10)
      let x = random.normals([size]).floats
      let y = random.normals([size]).floats
      let dot = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(Double(ck_dot(x, y, size)) - dot) < 1e-5)
      #expect(abs(Double(ck_sum(x, size)) - x.reduce(0.0) { $0 + Double($1) }) < 1e-5)
      #expect(ck_max(x, size) == x.max())
    }
    #expect(ck_max([], 0) == -.infinity)
  }

  @Test func polarAndSnake() throws {
    for size in Self.sizes {
      var random = Philox(seed: 11)
      let logs = random.normals([size]).floats
      let angles = random.normals([size]).scaled(by: 300).floats
      var (real, imaginary) = (logs, logs)
      ck_polar(logs, angles, 2, &real, &imaginary, size)
      let magnitudes = logs.map { min(exp(Double($0)), 2) }
      let cosines = zip(magnitudes, angles).map { Float($0 * cos(Double($1))) }
      let sines = zip(magnitudes, angles).map { Float($0 * sin(Double($1))) }
      try expectClose(real, cosines, Tolerance(relative: 1e-5, scaled: 2e-6), "real")
      try expectClose(imaginary, sines, Tolerance(relative: 1e-5, scaled: 2e-6), "imaginary")
      let alpha = random.normals([size]).floats
      var out = [Float](repeating: 0, count: size)
      ck_snake(logs, alpha, angles, &out, false, 1, size)
      let snake = (0..<size).map { i in
        let s = sin(Double(logs[i]) * Double(alpha[i]))
        return Float(Double(logs[i]) + Double(angles[i]) * s * s)
      }
      try expectClose(out, snake, .kernel, "snake")
    }
  }

  @Test func norms() throws {
    for (rows, channels) in [(3, 1), (2, 15), (4, 48), (3, 100)] {
      var random = Philox(seed: 12)
      let x = random.normals([rows, channels]).scaled(by: 2, plus: 1).floats
      let scale = random.normals([channels]).floats
      let shift = random.normals([channels]).floats
      var out = x
      func row(_ t: Int) -> [Double] { (0..<channels).map { Double(x[t * channels + $0]) } }
      ck_layer_norm(x, scale, shift, 1e-6, &out, false, rows, channels)
      let layer = (0..<rows).flatMap { t -> [Float] in
        let mean = row(t).reduce(0, +) / Double(channels)
        let variance = row(t).reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
        return row(t).enumerated().map {
          Float(($1 - mean) / (variance + 1e-6).squareRoot()) * scale[$0] + shift[$0]
        }
      }
      try expectClose(out, layer, .kernel, "layer norm \(rows) x \(channels)")
      ck_rms_norm(x, scale, 1e-6, &out, false, rows, channels)
      let rms = (0..<rows).flatMap { t -> [Float] in
        let power = row(t).reduce(0) { $0 + $1 * $1 } / Double(channels)
        return row(t).enumerated().map { Float($1 / (power + 1e-6).squareRoot()) * scale[$0] }
      }
      try expectClose(out, rms, .kernel, "rms norm \(rows) x \(channels)")
    }
  }

  @Test func channelMomentsAndAffine() throws {
    for (rows, channels) in [(1, 1), (5, 6), (7, 40), (3, 64), (4, 17)] {
      var random = Philox(seed: 13)
      let x = random.normals([rows, channels]).scaled(by: 2, plus: 1).floats
      var mean = [Float](repeating: -1, count: channels)
      var squares = mean
      ck_channel_moments(x, rows, channels, &mean, &squares)
      let means = (0..<channels).map { c in
        (0..<rows).reduce(0.0) { $0 + Double(x[$1 * channels + c]) } / Double(rows)
      }
      let sums = (0..<channels).map { c in
        (0..<rows).reduce(0.0) { $0 + pow(Double(x[$1 * channels + c]) - means[c], 2) }
      }
      try expectClose(mean, means.map { Float($0) }, .kernel, "means \(rows) x \(channels)")
      try expectClose(squares, sums.map { Float($0) }, .kernel, "squares \(rows) x \(channels)")

      var out = x
      ck_affine(Int32(CK_RELU.rawValue), x, mean, squares, &out, false, rows, channels)
      let wanted = x.indices.map {
        max(0, x[$0] * mean[$0 % channels] + squares[$0 % channels])
      }
      try expectClose(out, wanted, .kernel, "affine \(rows) x \(channels)")
      ck_leaky_relu(0.1, x, &out, false, x.count)
      try expectClose(out, x.map { $0 < 0 ? $0 * 0.1 : $0 }, .kernel, "leaky ReLU")
    }
  }

  @Test func softmaxWithBiasAndMask() throws {
    for n in Self.sizes {
      var random = Philox(seed: 14)
      let (rows, stride) = (3, n + 2)
      let x = random.normals([rows * stride]).scaled(by: 3).floats
      var bias = random.normals([n]).floats
      if n > 1 { bias[n / 2] = -.infinity }
      var out = x
      ck_softmax(&out, rows, n, stride, 0.5, bias, 0)
      for t in 0..<rows {
        let powers = (0..<n).map { exp(Double(x[t * stride + $0]) * 0.5 + Double(bias[$0])) }
        let total = powers.reduce(0, +)
        try expectClose(
          Array(out[t * stride..<t * stride + n]), powers.map { Float($0 / total) }, .kernel)
        #expect(out[t * stride + n] == x[t * stride + n], "wrote past the row")
      }
      let masked = [Float](repeating: -.infinity, count: n)
      ck_softmax(&out, rows, n, stride, 1, masked, 0)
      #expect(out[..<n].allSatisfy { $0 == 0 })
    }
  }

  @Test func depthwiseConvolution() throws {
    for (length, channels, kernel, stride, dilation) in [
      (9, 17, 3, 1, 1), (20, 16, 7, 1, 2), (13, 5, 4, 2, 1), (2, 33, 7, 1, 1),
    ] {
      var random = Philox(seed: 15)
      let padding = (kernel - 1) * dilation / 2
      let x = random.normals([length * channels]).floats
      let w = random.normals([kernel * channels]).floats
      let bias = random.normals([channels]).floats
      let outputs = (length + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1
      var out = [Float](repeating: 0, count: (outputs - 1) * channels)
      ck_depthwise(
        x, length, channels, w, bias, kernel, stride, dilation, padding, 1, outputs, &out)
      let wanted = (1..<outputs).flatMap { t in
        (0..<channels).map { c in
          var sum = Double(bias[c])
          for j in 0..<kernel {
            let at = t * stride - padding + j * dilation
            if at >= 0 && at < length {
              sum += Double(x[at * channels + c]) * Double(w[j * channels + c])
            }
          }
          return Float(sum)
        }
      }
      try expectClose(out, wanted, .kernel, "depthwise \(length) x \(channels)")
    }
  }

  @Test func instructionSetsAgree() throws {
    defer { ck_limit_level(2) }
    var random = Philox(seed: 16)
    let x = random.normals([5, 37]).scaled(by: 3)
    var results: [[Float]] = []
    for level in 0...ck_limit_level(2) {
      ck_limit_level(level)
      var norm = x.floats
      ck_layer_norm(x.floats, nil, nil, 1e-6, &norm, false, 5, 37)
      results.append(
        norm + Activation.allCases.flatMap { x.applying($0).floats } + x.asBFloat16().floats)
    }
    for other in results.dropFirst() { try expectClose(other, results[0], .kernel) }
  }

  @Test func smallProductsAndTransposes() throws {
    defer { ck_limit_level(2) }
    var random = Philox(seed: 17)
    for (m, n, k) in [(1, 1, 1), (7, 16, 5), (13, 83, 64), (6, 64, 3), (5, 7, 9)] {
      let a = random.normals([m, k])
      let b = random.normals([k, n])
      let wanted = GemmTests.naive(a, b, .plain)
      for level in 0...ck_limit_level(2) {
        ck_limit_level(level)
        // Rows lie apart, and what is between them is not touched.
        var c = [Float](repeating: 7, count: m * (n + 1))
        ck_product(a.floats, k, b.floats, n, &c, n + 1, m, n, k)
        for i in 0..<m {
          try expectClose(
            Array(c[i * (n + 1)..<i * (n + 1) + n]), Array(wanted[i * n..<(i + 1) * n]),
            Tolerance(relative: 1e-5, scaled: 1e-5), "\(m) x \(n) x \(k), level \(level)")
          #expect(c[i * (n + 1) + n] == 7)
        }
        var turned = [Float](repeating: 7, count: n * (k + 2))
        ck_transpose(b.floats, n, &turned, k + 2, k, n)
        for i in 0..<n {
          for j in 0..<k { #expect(turned[i * (k + 2) + j] == b.floats[j * n + i]) }
        }
      }
    }
  }
}
