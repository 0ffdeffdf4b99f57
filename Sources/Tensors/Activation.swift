import CKernels

/// Functions of one variable that kernels apply.
public enum Activation: Sendable, CaseIterable {
  case identity
  /// x Φ(x), exact.
  case gelu
  /// GELU by its tanh approximation ("gelu_new", `approximate="tanh"`).
  case geluTanh
  /// x / (1 + e^-x), also called swish.
  case silu
  case relu
  case sigmoid
  case tanh
  /// e^x; saturates at 2.4e38.
  case exp

  package var kernel: Int32 {
    switch self {
    case .identity: Int32(CK_NONE.rawValue)
    case .gelu: Int32(CK_GELU_ERF.rawValue)
    case .geluTanh: Int32(CK_GELU_TANH.rawValue)
    case .silu: Int32(CK_SILU.rawValue)
    case .relu: Int32(CK_RELU.rawValue)
    case .sigmoid: Int32(CK_SIGMOID.rawValue)
    case .tanh: Int32(CK_TANH.rawValue)
    case .exp: Int32(CK_EXP.rawValue)
    }
  }
}

extension Tensor {
  /// The function of each element, as `f32` or rounded to `bf16`.
  public func applying(_ function: Activation, output: DType = .f32) -> Tensor {
    let input = asFloat32()
    var out = Tensor(uninitialized: shape, dtype: output)
    input.withUnsafeFloats { x in
      out.withUnsafeMutableBytes { y in
        elementwise(x.count) { range in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          ck_activate(
            function.kernel, x + range.lowerBound, y + range.lowerBound * output.byteCount,
            output == .bf16, range.count)
        }
      }
    }
    return out
  }

  /// The elements, those below 0 times `slope`.
  public func leakyReLU(slope: Float, output: DType = .f32) -> Tensor {
    var out = Tensor(uninitialized: shape, dtype: output)
    withUnsafeFloats { x in
      out.withUnsafeMutableBytes { y in
        elementwise(x.count) { range in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          ck_leaky_relu(
            slope, x + range.lowerBound, y + range.lowerBound * output.byteCount, output == .bf16,
            range.count)
        }
      }
    }
    return out
  }

  /// `function(self) * other`, element by element.
  public func gating(_ function: Activation, _ other: Tensor, output: DType = .f32) -> Tensor {
    precondition(shape == other.shape, "gate of shapes \(shape) and \(other.shape)")
    let (input, factor) = (asFloat32(), other.asFloat32())
    var out = Tensor(uninitialized: shape, dtype: output)
    input.withUnsafeFloats { x in
      factor.withUnsafeFloats { g in
        out.withUnsafeMutableBytes { y in
          elementwise(x.count) { range in
            guard let x = x.baseAddress, let g = g.baseAddress, let y = y.baseAddress
            else { return }
            ck_gate(
              function.kernel, x + range.lowerBound, g + range.lowerBound,
              y + range.lowerBound * output.byteCount, output == .bf16, range.count)
          }
        }
      }
    }
    return out
  }

  /// `self = a x + b self`, element by element.
  public mutating func combine(_ a: Float, _ x: Tensor, _ b: Float) {
    precondition(shape == x.shape, "combination of shapes \(shape) and \(x.shape)")
    let other = x.asFloat32()
    other.withUnsafeFloats { x in
      withUnsafeMutableFloats { y in
        elementwise(x.count) { range in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          ck_axpby(a, x + range.lowerBound, b, y + range.lowerBound, range.count)
        }
      }
    }
  }

  /// `self + other`, element by element.
  public func adding(_ other: Tensor) -> Tensor {
    var out = self
    out.combine(1, other, 1)
    return out
  }

  /// Each element brought into `range`.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    var out = self
    out.withUnsafeMutableFloats { y in
      for i in 0..<y.count { y[i] = min(max(y[i], range.lowerBound), range.upperBound) }
    }
    return out
  }

  /// `self * scale + shift`, element by element.
  public func scaled(by scale: Float, plus shift: Float = 0) -> Tensor {
    var out = self
    out.withUnsafeMutableFloats { y in
      elementwise(y.count) { range in
        for i in range { y[i] = y[i] * scale + shift }
      }
    }
    return out
  }
}

/// Runs `body` on pieces of `0..<count` that are worth a thread's while.
private func elementwise(_ count: Int, _ body: (Range<Int>) -> Void) {
  parallelRanges(count, grain: 32768, body)
}
