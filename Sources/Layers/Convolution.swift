import CKernels
import Checkpoints
import Tensors

/// How a kernel moves over its input, in one dimension.
struct Window: Sendable {
  var kernel = 1, stride = 1, dilation = 1
  /// Zeros before and after.
  var padding = (before: 0, after: 0)

  func outputs(_ inputs: Int) -> Int {
    let span = (kernel - 1) * dilation + 1
    return max(0, (inputs + padding.before + padding.after - span) / stride + 1)
  }
}

/// Convolution over `[B, H, W, C]`, weight `[out, in / groups, kh, kw]`.
enum Convolution: Sendable {
  case dense(DenseConvolution)
  case grouped(GroupedConvolution)

  init(_ weight: Tensor, bias: Tensor?, groups: Int, vertical: Window, horizontal: Window) {
    self =
      groups == 1
      ? .dense(DenseConvolution(weight, bias: bias, vertical: vertical, horizontal: horizontal))
      : .grouped(
        GroupedConvolution(
          weight, bias: bias, groups: groups, vertical: vertical, horizontal: horizontal))
  }

  /// The element type that this layer reads without converting.
  var inputType: DType {
    switch self {
    case .dense(let core): core.inputType
    case .grouped: .f32
    }
  }

  /// `[B, H, W, in] -> [B, H', W', out]`
  func callAsFunction(_ x: Tensor, activation: Activation, output: DType) -> Tensor {
    switch self {
    case .dense(let core): core(x, activation: activation, output: output)
    case .grouped(let core): core(x, activation: activation, output: output)
    }
  }

  /// `sum += convolution(x)`
  func add(_ x: Tensor, to sum: inout Tensor) {
    switch self {
    case .dense(let core): core.add(x, to: &sum)
    case .grouped(let core): sum.combine(1, core(x, activation: .identity, output: .f32), 1)
    }
  }
}

/// Convolution over `[B, H, W, C]` as a product of gathered rows: each output position's
/// neighbourhood `[kh, kw, in]` is a row of the left factor, made tile by tile.
struct DenseConvolution: Sendable {
  /// `[out, kh * kw * in]`
  private let weight: PackedWeight
  private let bias: Tensor?
  private let inputs: Int, outputs: Int
  let vertical: Window, horizontal: Window

  /// - Parameter weight: as published, `[out, in, kh, kw]`.
  init(_ weight: Tensor, bias: Tensor?, vertical: Window, horizontal: Window) {
    let taps = vertical.kernel * horizontal.kernel
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let source = weight.floats
    var rows = [Float](repeating: 0, count: weight.count)
    for o in 0..<outputs {
      for c in 0..<inputs {
        for tap in 0..<taps {
          rows[(o * taps + tap) * inputs + c] = source[(o * inputs + c) * taps + tap]
        }
      }
    }
    self.weight = PackedWeight(Tensor(vector: rows).reshaped([outputs, taps * inputs]))
    self.bias = bias?.asFloat32()
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  /// The element type that this layer reads without converting.
  var inputType: DType { weight.inputType }

  /// `[B, H, W, in] -> [B, H', W', out]`
  func callAsFunction(_ x: Tensor, activation: Activation, output: DType) -> Tensor {
    precondition(x.rank == 4 && x.channels == inputs, "convolution of \(inputs) on \(x.shape)")
    let shape = [
      x.shape[0], vertical.outputs(x.shape[1]), horizontal.outputs(x.shape[2]), outputs,
    ]
    var out = Tensor(uninitialized: shape, dtype: output)
    run(x, activation, accumulate: false, into: &out)
    return out
  }

  /// `sum += convolution(x)` without a pass of its own over `sum`.
  func add(_ x: Tensor, to sum: inout Tensor) {
    precondition(x.rank == 4 && x.channels == inputs, "sum of \(x.shape)")
    run(x, .identity, accumulate: true, into: &sum)
  }

  /// Whether each output position reads just the input at its own place.
  private var isPointwise: Bool {
    [vertical, horizontal].allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.padding == (0, 0) }
  }

  private func run(
    _ x: Tensor, _ activation: Activation, accumulate: Bool, into out: inout Tensor
  ) {
    if isPointwise {
      return accumulate
        ? weight.add(x, bias: bias, to: &out)
        : weight.product(x, bias: bias, activation: activation, into: &out)
    }
    let type = weight.inputType
    let source = x.dtype == type ? x : (type == .bf16 ? x.asBFloat16() : x.asFloat32())
    let gather = Gather(x: source, vertical: vertical, horizontal: horizontal)
    source.withUnsafeBytes { from in
      guard let from = from.baseAddress else { return }
      weight.multiply(
        rows: out.rows, gathering: true, bias: bias, activation: activation,
        accumulate: accumulate, into: &out
      ) { range, scratch in
        gather.rows(range, from: from, to: scratch)
        return UnsafeRawPointer(scratch)
      }
    }
  }
}

/// Copies the neighbourhoods of output positions into rows.
private struct Gather {
  let height: Int, lines: Int, bytes: Int
  let outHeight: Int, outWidth: Int
  let vertical: Window, horizontal: Window

  init(x: Tensor, vertical: Window, horizontal: Window) {
    (height, lines) = (x.shape[1], x.shape[2])
    bytes = x.channels * x.dtype.byteCount
    (outHeight, outWidth) = (vertical.outputs(x.shape[1]), horizontal.outputs(x.shape[2]))
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  func rows(_ range: Range<Int>, from: UnsafeRawPointer, to: UnsafeMutableRawPointer) {
    var target = to
    for position in range {
      let (item, place) = (position / (outHeight * outWidth), position % (outHeight * outWidth))
      let top = place / outWidth * vertical.stride - vertical.padding.before
      let left = place % outWidth * horizontal.stride - horizontal.padding.before
      for i in 0..<vertical.kernel {
        let row = top + i * vertical.dilation
        for j in 0..<horizontal.kernel {
          let column = left + j * horizontal.dilation
          if row >= 0 && row < height && column >= 0 && column < lines {
            let index = (item * height + row) * lines + column
            target.copyMemory(from: from + index * bytes, byteCount: bytes)
          } else {
            target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
          }
          target += bytes
        }
      }
    }
  }
}

/// Transposed convolution over `[B, H, W, in]`: a product to the columns `[kh, kw, out]` of each
/// input position, then each output position adds up the columns that reach it.
struct TransposedCore: Sendable {
  private let weight: PackedWeight
  private let bias: Tensor?
  private let outputs: Int
  let vertical: Window, horizontal: Window
  let extra: (vertical: Int, horizontal: Int)

  /// - Parameter weight: as published, `[in, out, kh, kw]`.
  init(
    _ weight: Tensor, bias: Tensor?, vertical: Window, horizontal: Window,
    extra: (vertical: Int, horizontal: Int)
  ) {
    let inputs = weight.shape[0]
    outputs = weight.shape[1]
    let columns = weight.count / inputs
    let taps = columns / outputs
    let source = weight.floats
    var rows = [Float](repeating: 0, count: weight.count)
    for i in 0..<inputs {
      for o in 0..<outputs {
        for tap in 0..<taps {
          rows[(tap * outputs + o) * inputs + i] = source[(i * outputs + o) * taps + tap]
        }
      }
    }
    self.weight = PackedWeight(Tensor(vector: rows).reshaped([columns, inputs]))
    self.bias = bias?.asFloat32()
    (self.vertical, self.horizontal, self.extra) = (vertical, horizontal, extra)
  }

  private static func outputs(_ inputs: Int, _ window: Window, _ extra: Int) -> Int {
    (inputs - 1) * window.stride - window.padding.before - window.padding.after
      + (window.kernel - 1) * window.dilation + 1 + extra
  }

  /// `[B, H, W, in] -> [B, H', W', out]`
  func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(x.rank == 4 && x.channels == weight.inputs, "input \(x.shape)")
    let columns = weight.product(x)
    let (items, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let outHeight = Self.outputs(height, vertical, extra.vertical)
    let outWidth = Self.outputs(width, horizontal, extra.horizontal)
    var out = Tensor(uninitialized: [items, outHeight, outWidth, outputs])
    let (n, taps) = (outputs, vertical.kernel * horizontal.kernel)
    columns.withUnsafeFloats { columns in
      out.withUnsafeMutableFloats { out in
        guard let columns = columns.baseAddress, let out = out.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (columns, out)
        let grain = max(1, 16384 / (n * taps))
        parallelRanges(items * outHeight * outWidth, grain: grain) { range in
          for position in range {
            let target = to + position * n
            withBase(of: bias) { bias in
              if let bias { target.update(from: bias, count: n) }
              if bias == nil { target.update(repeating: 0, count: n) }
            }
            let (item, place) = (
              position / (outHeight * outWidth), position % (outHeight * outWidth)
            )
            for i in 0..<vertical.kernel {
              guard let row = vertical.source(place / outWidth, tap: i, of: height)
              else { continue }
              for j in 0..<horizontal.kernel {
                guard let column = horizontal.source(place % outWidth, tap: j, of: width)
                else { continue }
                let index = ((item * height + row) * width + column) * taps
                ck_scale_add(
                  target, nil, from + (index + i * horizontal.kernel + j) * n, 1, n)
              }
            }
          }
        }
      }
    }
    return out
  }
}

extension Window {
  /// The input position whose tap `tap` reaches output position `output` of a transposed
  /// convolution, if there is one.
  func source(_ output: Int, tap: Int, of inputs: Int) -> Int? {
    let scaled = output + padding.before - tap * dilation
    guard scaled >= 0, scaled % stride == 0, scaled / stride < inputs else { return nil }
    return scaled / stride
  }
}
