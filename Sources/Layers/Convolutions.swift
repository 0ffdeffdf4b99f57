import CKernels
import Checkpoints
import Tensors

/// Convolution over time: `[B, T, in] -> [B, T', out]`, weight as published, `[out, in / groups, k]`.
public struct Conv1d: Sendable {
  private enum Kind: Sendable {
    case across(Convolution)
    /// One filter a channel, weight `[k, channels]`.
    case depthwise(Tensor, bias: Tensor?, Window)
  }
  private let kind: Kind

  /// Takes `weight` and, unless `bias` is false, `bias [out]`.
  ///
  /// - Parameters:
  ///   - padding: zeros before and after, or before alone when `paddingAfter` is given.
  ///   - paddingAfter: zeros after (0 with `padding` = (k - 1) * dilation is causal).
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, kernel: Int, stride: Int = 1,
    dilation: Int = 1, padding: Int = 0, paddingAfter: Int? = nil, groups: Int = 1,
    bias: Bool = true
  ) throws {
    let weight = try w.tensor("weight", [outputs, inputs / groups, kernel]).asFloat32()
    let vector = bias ? try w.tensor("bias", [outputs]).asFloat32() : nil
    let window = Window(
      kernel: kernel, stride: stride, dilation: dilation,
      padding: (padding, paddingAfter ?? padding))
    if groups == inputs && inputs == outputs {
      let filters = weight.reshaped([outputs, kernel]).transposed()
      kind = .depthwise(filters, bias: vector, window)
    } else {
      kind = .across(
        Convolution(
          weight.reshaped([outputs, inputs / groups, 1, kernel]), bias: vector, groups: groups,
          vertical: Window(), horizontal: window))
    }
  }

  /// The element type that this layer reads without converting.
  public var inputType: DType {
    switch kind {
    case .across(let core): core.inputType
    case .depthwise: .f32
    }
  }

  /// `sum += convolution(x)`
  public func add(_ x: Tensor, to sum: inout Tensor) {
    guard case .across(let core) = kind else {
      return sum.combine(1, self(x), 1)
    }
    var pictures = sum.reshaped([sum.shape[0], 1, sum.shape[1], sum.channels])
    let shape = sum.shape
    sum = Tensor(uninitialized: [0])  // so that the sum is not copied
    core.add(x.reshaped([x.shape[0], 1, x.shape[1], x.channels]), to: &pictures)
    sum = pictures.reshaped(shape)
  }

  /// `[B, T, in] -> [B, T', out]`
  public func callAsFunction(
    _ x: Tensor, activation: Activation = .identity, output: DType = .f32
  ) -> Tensor {
    precondition(x.rank == 3, "convolution over time on \(x.shape)")
    switch kind {
    case .across(let core):
      let y = core(
        x.reshaped([x.shape[0], 1, x.shape[1], x.channels]), activation: activation,
        output: output)
      return y.reshaped([y.shape[0], y.shape[2], y.channels])
    case .depthwise(let filters, let bias, let window):
      let y = depthwise(x.asFloat32(), filters, bias, window)
      return activation == .identity && output == .f32
        ? y : y.applying(activation, output: output)
    }
  }

  private func depthwise(
    _ x: Tensor, _ filters: Tensor, _ bias: Tensor?, _ window: Window
  ) -> Tensor {
    let (items, length, channels) = (x.shape[0], x.shape[1], x.channels)
    let outputs = window.outputs(length)
    var out = Tensor(uninitialized: [items, outputs, channels])
    out.withUnsafeMutableFloats { out in
      guard let out = out.baseAddress else { return }
      nonisolated(unsafe) let to = out
      for item in 0..<items {
        parallelRanges(outputs, grain: max(1, 16384 / channels)) { range in
          depthwiseRows(
            x, item: item, filters, bias, window, range,
            to: to + (item * outputs + range.lowerBound) * channels)
        }
      }
    }
    return out
  }
}

/// Output times `range` of the depthwise convolution of one item of `[B, T, C]`, written to `out`.
func depthwiseRows(
  _ x: Tensor, item: Int, _ filters: Tensor, _ bias: Tensor?, _ window: Window,
  _ range: Range<Int>, to out: UnsafeMutablePointer<Float>
) {
  let (length, channels) = (x.shape[1], x.channels)
  x.withUnsafeFloats { x in
    filters.withUnsafeFloats { filters in
      withBase(of: bias) { bias in
        guard let x = x.baseAddress, let filters = filters.baseAddress else { return }
        ck_depthwise(
          x + item * length * channels, length, channels, filters, bias, window.kernel,
          window.stride, window.dilation, window.padding.before, range.lowerBound,
          range.upperBound, out)
      }
    }
  }
}

/// Convolution over pictures: `[B, H, W, in] -> [B, H', W', out]`, weight `[out, in / groups, kh, kw]`.
public struct Conv2d: Sendable {
  private let core: Convolution

  /// Takes `weight` and, unless `bias` is false, `bias [out]`; pairs are (vertical, horizontal).
  ///
  /// - Parameter paddingAfter: zeros after, where they differ from those before, `padding`.
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, kernel: (Int, Int),
    stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
    paddingAfter: (Int, Int)? = nil, groups: Int = 1, bias: Bool = true
  ) throws {
    let weight = try w.tensor("weight", [outputs, inputs / groups, kernel.0, kernel.1])
    let after = paddingAfter ?? padding
    core = Convolution(
      weight, bias: bias ? try w.tensor("bias", [outputs]) : nil, groups: groups,
      vertical: Window(
        kernel: kernel.0, stride: stride.0, dilation: dilation.0, padding: (padding.0, after.0)),
      horizontal: Window(
        kernel: kernel.1, stride: stride.1, dilation: dilation.1, padding: (padding.1, after.1)))
  }

  /// The element type that this layer reads without converting.
  public var inputType: DType { core.inputType }

  /// `[B, H, W, in] -> [B, H', W', out]`
  public func callAsFunction(
    _ x: Tensor, activation: Activation = .identity, output: DType = .f32
  ) -> Tensor {
    core(x, activation: activation, output: output)
  }

  /// `sum += convolution(x)`
  public func add(_ x: Tensor, to sum: inout Tensor) { core.add(x, to: &sum) }
}

/// Transposed convolution over time: `[B, T, in] -> [B, T', out]`, weight `[in, out, k]`.
public struct ConvTranspose1d: Sendable {
  private let core: TransposedCore

  /// Takes `weight` and, unless `bias` is false, `bias [out]`.
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, kernel: Int, stride: Int = 1,
    dilation: Int = 1, padding: Int = 0, outputPadding: Int = 0, bias: Bool = true
  ) throws {
    let weight = try w.tensor("weight", [inputs, outputs, kernel])
    core = TransposedCore(
      weight.reshaped([inputs, outputs, 1, kernel]),
      bias: bias ? try w.tensor("bias", [outputs]) : nil, vertical: Window(),
      horizontal: Window(
        kernel: kernel, stride: stride, dilation: dilation, padding: (padding, padding)),
      extra: (0, outputPadding))
  }

  /// `[B, T, in] -> [B, T', out]`
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let y = core(x.reshaped([x.shape[0], 1, x.shape[1], x.channels]))
    return y.reshaped([y.shape[0], y.shape[2], y.channels])
  }
}

/// Transposed convolution over pictures: `[B, H, W, in] -> [B, H', W', out]`, weight
/// `[in, out, kh, kw]`.
public struct ConvTranspose2d: Sendable {
  private let core: TransposedCore

  /// Takes `weight` and, unless `bias` is false, `bias [out]`; pairs are (vertical, horizontal).
  public init(
    _ w: WeightScope, in inputs: Int, out outputs: Int, kernel: (Int, Int),
    stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), outputPadding: (Int, Int) = (0, 0),
    bias: Bool = true
  ) throws {
    core = TransposedCore(
      try w.tensor("weight", [inputs, outputs, kernel.0, kernel.1]),
      bias: bias ? try w.tensor("bias", [outputs]) : nil,
      vertical: Window(kernel: kernel.0, stride: stride.0, padding: (padding.0, padding.0)),
      horizontal: Window(kernel: kernel.1, stride: stride.1, padding: (padding.1, padding.1)),
      extra: outputPadding)
  }

  /// `[B, H, W, in] -> [B, H', W', out]`
  public func callAsFunction(_ x: Tensor) -> Tensor { core(x) }
}
