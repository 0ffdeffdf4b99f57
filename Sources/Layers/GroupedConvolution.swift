import CKernels
import Tensors

/// Convolution over `[B, H, W, C]` in groups: outputs of a group read the inputs of theirs alone. In
/// fp32: groups are too narrow for a matrix product, but a register holds all outputs of one.
struct GroupedConvolution: Sendable {
  /// Outputs that one call of the kernel makes, a vector of lanes.
  private static let lanes = 16

  /// `[groups * blocks, kh, kw, in / groups, lanes]`, where a block is up to `lanes` outputs.
  private let weights: Tensor
  /// `[groups * blocks, lanes]`
  private let bias: Tensor
  private let groups: Int, blocks: Int, inputs: Int, outputs: Int
  private let vertical: Window, horizontal: Window

  /// - Parameter weight: as published, `[out, in / groups, kh, kw]`.
  init(_ weight: Tensor, bias: Tensor?, groups: Int, vertical: Window, horizontal: Window) {
    let taps = vertical.kernel * horizontal.kernel
    let (width, perGroup) = (weight.shape[1], weight.shape[0] / groups)
    blocks = (perGroup + Self.lanes - 1) / Self.lanes
    let source = weight.floats
    let shift = bias?.floats
    var packed = [Float](repeating: 0, count: groups * blocks * taps * width * Self.lanes)
    var shifts = [Float](repeating: 0, count: groups * blocks * Self.lanes)
    for group in 0..<groups {
      for o in 0..<perGroup {
        let block = group * blocks + o / Self.lanes
        let lane = o % Self.lanes
        shifts[block * Self.lanes + lane] = shift?[group * perGroup + o] ?? 0
        for c in 0..<width {
          for tap in 0..<taps {
            packed[((block * taps + tap) * width + c) * Self.lanes + lane] =
              source[((group * perGroup + o) * width + c) * taps + tap]
          }
        }
      }
    }
    weights = Tensor(vector: packed)
    self.bias = Tensor(vector: shifts)
    (self.groups, inputs, outputs) = (groups, width * groups, weight.shape[0])
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  /// `[B, H, W, in] -> [B, H', W', out]`
  func callAsFunction(_ x: Tensor, activation: Activation, output: DType) -> Tensor {
    precondition(x.rank == 4 && x.channels == inputs, "convolution of \(inputs) on \(x.shape)")
    let padded = padded(x.asFloat32())
    let items = x.shape[0]
    let (height, width) = (padded.shape[1], padded.shape[2])
    let (rows, columns) = (vertical.outputs(x.shape[1]), horizontal.outputs(x.shape[2]))
    var out = Tensor(uninitialized: [items, rows, columns, outputs])
    let perGroup = outputs / groups
    let (taps, depth) = (vertical.kernel * horizontal.kernel, inputs / groups)
    padded.withUnsafeFloats { padded in
      out.withUnsafeMutableFloats { out in
        withBase(of: weights) { weights in
          withBase(of: bias) { bias in
            guard let x = padded.baseAddress, let y = out.baseAddress, let weights, let bias
            else { return }
            nonisolated(unsafe) let (from, to) = (x, y)
            parallelFor(items * rows) { line in
              let (item, row) = (line / rows, line % rows)
              let start = (item * height + row * vertical.stride) * width * inputs
              for block in 0..<groups * blocks {
                let (group, first) = (block / blocks, block % blocks * Self.lanes)
                ck_grouped_convolution(
                  from + start + group * depth, vertical.dilation * width * inputs,
                  horizontal.dilation * inputs, horizontal.stride * inputs,
                  weights + block * taps * depth * Self.lanes, bias + block * Self.lanes,
                  vertical.kernel, horizontal.kernel, depth, columns,
                  to + line * columns * outputs + group * perGroup + first, outputs,
                  min(Self.lanes, perGroup - first))
              }
            }
          }
        }
      }
    }
    return activation == .identity && output == .f32
      ? out : out.applying(activation, output: output)
  }

  /// `x` with its zeros around it, so that the kernel asks for no borders.
  private func padded(_ x: Tensor) -> Tensor {
    if vertical.padding == (0, 0) && horizontal.padding == (0, 0) { return x }
    let (items, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let high = vertical.padding.before + height + vertical.padding.after
    let wide = horizontal.padding.before + width + horizontal.padding.after
    var out = Tensor.zeros([items, high, wide, inputs])
    x.withUnsafeFloats { x in
      out.withUnsafeMutableFloats { out in
        guard let x = x.baseAddress, let out = out.baseAddress else { return }
        for line in 0..<items * height {
          let row = line / height * high + vertical.padding.before + line % height
          (out + (row * wide + horizontal.padding.before) * inputs)
            .update(from: x + line * width * inputs, count: width * inputs)
        }
      }
    }
    return out
  }
}
