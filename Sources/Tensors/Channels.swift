import CKernels

extension Tensor {
  /// Channels `range` of each row: `[..., C] -> [..., range.count]`.
  public func channels(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= channels, "\(range) of \(shape)")
    let (width, wide, rows) = (range.count, channels, rows)
    var out = Tensor(uninitialized: Array(shape.dropLast()) + [width])
    withUnsafeFloats { from in
      out.withUnsafeMutableFloats { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for row in 0..<rows {
          (to + row * width).update(from: from + row * wide + range.lowerBound, count: width)
        }
      }
    }
    return out
  }

  /// Writes `part [..., n]` over the channels from `first` on of `[..., C]`.
  public mutating func setChannels(_ part: Tensor, at first: Int) {
    let (width, wide, rows) = (part.channels, channels, rows)
    precondition(part.rows == rows && first >= 0 && first + width <= wide)
    part.withUnsafeFloats { from in
      withUnsafeMutableFloats { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for row in 0..<rows {
          (to + row * wide + first).update(from: from + row * width, count: width)
        }
      }
    }
  }

  /// Adds `part [..., n]` to the channels from `first` on of `[..., C]`.
  public mutating func addChannels(_ part: Tensor, at first: Int) {
    let (width, wide, rows) = (part.channels, channels, rows)
    precondition(part.rows == rows && first >= 0 && first + width <= wide)
    part.withUnsafeFloats { from in
      withUnsafeMutableFloats { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        for row in 0..<rows {
          ck_scale_add(to + row * wide + first, nil, from + row * width, 1, width)
        }
      }
    }
  }

  /// The channels of two tensors beside each other: `[..., A], [..., B] -> [..., A + B]`.
  public static func joined(_ left: Tensor, _ right: Tensor) -> Tensor {
    precondition(left.shape.dropLast() == right.shape.dropLast(), "\(left.shape), \(right.shape)")
    let (a, b, rows) = (left.channels, right.channels, left.rows)
    var out = Tensor(uninitialized: left.shape.dropLast() + [a + b])
    left.withUnsafeFloats { left in
      right.withUnsafeFloats { right in
        out.withUnsafeMutableFloats { out in
          guard let left = left.baseAddress, let right = right.baseAddress,
            let out = out.baseAddress
          else { return }
          nonisolated(unsafe) let (from, beside, to) = (left, right, out)
          parallelRanges(rows, grain: max(1, 32768 / max(1, a + b))) { range in
            for row in range {
              (to + row * (a + b)).update(from: from + row * a, count: a)
              (to + row * (a + b) + a).update(from: beside + row * b, count: b)
            }
          }
        }
      }
    }
    return out
  }

  /// Puts tensors of one shape behind each other along a new first dimension: `[...] -> [N, ...]`.
  public static func stack(_ parts: [Tensor]) -> Tensor {
    let shape = parts.first?.shape ?? []
    precondition(parts.allSatisfy { $0.shape == shape }, "stack of different shapes")
    var out = Tensor(uninitialized: [parts.count] + shape)
    out.withUnsafeMutableFloats { to in
      for (i, part) in parts.enumerated() {
        part.asFloat32().withUnsafeFloats { from in
          guard let from = from.baseAddress, let to = to.baseAddress else { return }
          (to + i * part.count).update(from: from, count: part.count)
        }
      }
    }
    return out
  }
}
