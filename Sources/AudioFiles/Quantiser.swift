/// Rounding of samples to what an encoding can store: to nearest, ties to even, no dither,
/// values beyond full scale held at it.
public enum Quantiser {
  /// Samples as `encoding` stores them, back on the ±1 scale; the count says how many were held
  /// at full scale. Lossy encodings and 64-bit floats pass through.
  public static func quantised(_ block: AudioBlock, as encoding: SampleEncoding) -> (
    block: AudioBlock, clipped: Int
  ) {
    var out = block
    switch encoding {
    case .integer(let bits):
      var words = [Int32](repeating: 0, count: block.samples.count)
      let clipped = quantise(block.samples, bits: bits, into: &words)
      for i in words.indices { out.samples[i] = Double(words[i]) / 2_147_483_648 }
      return (out, clipped)
    case .float(32):
      for i in out.samples.indices { out.samples[i] = Double(Float(out.samples[i])) }
      return (out, 0)
    default:
      return (out, 0)
    }
  }

  /// Fills `words` with left-justified integers (a 16-bit sample in the upper half).
  /// - Returns: how many samples were held at full scale.
  static func quantise(_ samples: [Double], bits: Int, into words: inout [Int32]) -> Int {
    precondition(words.count >= samples.count)
    let scale = Double(UInt64(1) << UInt64(bits - 1))
    let (low, high) = (-scale, scale - 1)
    let shift = Int32(32 - bits)
    // Adding and taking away 1.5 · 2^52 rounds to the nearest integer, ties to even.
    let magic = 6_755_399_441_055_744.0
    var clipped = 0
    samples.withUnsafeBufferPointer { source in
      words.withUnsafeMutableBufferPointer { out in
        for i in 0..<source.count {
          let rounded = (min(max(source[i] * scale, low - 1), high + 1) + magic) - magic
          if rounded > high || rounded < low { clipped += 1 }
          out[i] = Int32(min(max(rounded, low), high)) << shift
        }
      }
    }
    return clipped
  }
}
