/// A complex number in double precision.
struct Complex: Sendable {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double) {
    self.re = re
    self.im = im
  }

  init(_ re: Float, _ im: Float) {
    self.init(Double(re), Double(im))
  }

  var length: Double { (re * re + im * im).squareRoot() }
  var conjugate: Complex { Complex(re, -im) }
  func scaled(_ factor: Double) -> Complex { Complex(re * factor, im * factor) }
  func plus(_ other: Complex) -> Complex { Complex(re + other.re, im + other.im) }

  func times(_ other: Complex) -> Complex {
    Complex(re * other.re - im * other.im, re * other.im + im * other.re)
  }

  /// Times i to the power of `quarters` (0...3).
  func quarterTurned(_ quarters: Int) -> Complex {
    switch quarters {
    case 0: self
    case 1: Complex(-im, re)
    case 2: Complex(-re, -im)
    default: Complex(im, -re)
    }
  }
}

/// Hermitian, tridiagonal, positive definite: a real main diagonal, `upper[k]` at (k, k + 1).
struct TridiagonalSystem {
  var main: [Double]
  var upper: [Complex]
  var right: [Complex]

  init(count: Int) {
    main = [Double](repeating: 0, count: count)
    upper = [Complex](repeating: Complex(0.0, 0.0), count: count)
    right = upper
  }

  /// Elimination without pivots, then substitution backwards.
  consuming func solution() -> [Complex] {
    for k in 1..<main.count {
      let factor = upper[k - 1].conjugate.scaled(1 / main[k - 1])
      main[k] -= factor.times(upper[k - 1]).re
      right[k] = right[k].plus(factor.times(right[k - 1]).scaled(-1))
    }
    let end = main.count - 1
    right[end] = right[end].scaled(1 / main[end])
    for k in stride(from: end - 1, through: 0, by: -1) {
      right[k] = right[k].plus(upper[k].times(right[k + 1]).scaled(-1)).scaled(1 / main[k])
    }
    return right
  }
}
