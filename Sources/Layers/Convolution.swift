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

/// Convolution over `[B, H, W, C]` as a product of gathered rows: each output position's
/// neighbourhood `[kh, kw, in]` is a row of the left factor, made tile by tile.
struct ConvolutionCore: Sendable {
  /// One packed weight `[out / groups, kh * kw * in / groups]` for each group.
  private let weights: [PackedWeight]
  private let bias: Tensor?
  private let inputs: Int, outputs: Int
  let vertical: Window, horizontal: Window

  /// - Parameter weight: as published, `[out, in / groups, kh, kw]`.
  init(_ weight: Tensor, bias: Tensor?, groups: Int, vertical: Window, horizontal: Window) {
    let taps = vertical.kernel * horizontal.kernel
    outputs = weight.shape[0]
    let width = weight.shape[1]
    inputs = width * groups
    let perGroup = outputs / groups
    let source = weight.floats
    weights = (0..<groups).map { group in
      var rows = [Float](repeating: 0, count: perGroup * taps * width)
      for o in 0..<perGroup {
        for c in 0..<width {
          for tap in 0..<taps {
            rows[(o * taps + tap) * width + c] =
              source[((group * perGroup + o) * width + c) * taps + tap]
          }
        }
      }
      return PackedWeight(Tensor(vector: rows).reshaped([perGroup, taps * width]))
    }
    self.bias = bias?.asFloat32()
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  /// The element type that this layer reads without converting.
  var inputType: DType { weights[0].inputType }

  /// `[B, H, W, in] -> [B, H', W', out]`
  func callAsFunction(_ x: Tensor, activation: Activation, output: DType) -> Tensor {
    precondition(x.rank == 4 && x.channels == inputs, "convolution of \(inputs) on \(x.shape)")
    let shape = [
      x.shape[0], vertical.outputs(x.shape[1]), horizontal.outputs(x.shape[2]), outputs,
    ]
    guard weights.count > 1 else {
      var out = Tensor(uninitialized: shape, dtype: output)
      run(x, group: 0, bias: bias, activation, accumulate: false, into: &out)
      return out
    }
    var out = Tensor(uninitialized: shape)
    let part = outputs / weights.count
    for group in weights.indices {
      let bias = bias.map { $0[rows: group * part..<(group + 1) * part] }
      var piece = Tensor(uninitialized: Array(shape.dropLast()) + [part])
      run(x, group: group, bias: bias, activation, accumulate: false, into: &piece)
      out.setChannels(piece, at: group * part)
    }
    return output == .bf16 ? out.asBFloat16() : out
  }

  /// `sum += convolution(x)` without a pass of its own over `sum`; one group only.
  func add(_ x: Tensor, to sum: inout Tensor) {
    precondition(weights.count == 1 && x.rank == 4 && x.channels == inputs, "sum of \(x.shape)")
    run(x, group: 0, bias: bias, .identity, accumulate: true, into: &sum)
  }

  /// Whether each output position reads just the input at its own place.
  private var isPointwise: Bool {
    [vertical, horizontal].allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.padding == (0, 0) }
  }

  private func run(
    _ x: Tensor, group: Int, bias: Tensor?, _ activation: Activation, accumulate: Bool,
    into out: inout Tensor
  ) {
    let weight = weights[group]
    if weights.count == 1 && isPointwise {
      return accumulate
        ? weight.add(x, bias: bias, to: &out)
        : weight.product(x, bias: bias, activation: activation, into: &out)
    }
    let type = weight.inputType
    let taps = vertical.kernel * horizontal.kernel
    let source = x.dtype == type ? x : (type == .bf16 ? x.asBFloat16() : x.asFloat32())
    let gather = Gather(
      x: source, vertical: vertical, horizontal: horizontal, width: weight.inputs / taps,
      channel: group * (weight.inputs / taps))
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
  let height: Int, lines: Int, bytes: Int, rowBytes: Int, channelBytes: Int
  let outHeight: Int, outWidth: Int
  let vertical: Window, horizontal: Window

  init(x: Tensor, vertical: Window, horizontal: Window, width: Int, channel: Int) {
    (height, lines) = (x.shape[1], x.shape[2])
    bytes = width * x.dtype.byteCount
    rowBytes = x.channels * x.dtype.byteCount
    channelBytes = channel * x.dtype.byteCount
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
            target.copyMemory(from: from + index * rowBytes + channelBytes, byteCount: bytes)
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
