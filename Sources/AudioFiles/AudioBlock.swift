/// A stretch of sound: interleaved 64-bit samples, full scale ±1.
///
/// 64-bit floats hold every 8- to 32-bit integer sample (as n / 2^(bits−1)) and every 32-bit
/// float exactly, so `quantise(in + stem)` gives back the input bit for bit where the stem is 0.
public struct AudioBlock: Sendable, Equatable {
  public let channelCount: Int
  /// `samples[frame * channelCount + channel]`.
  public var samples: [Double]

  public var frameCount: Int { samples.count / channelCount }
  public var isEmpty: Bool { samples.isEmpty }

  /// - Parameter samples: interleaved; a whole number of frames.
  public init(channelCount: Int, samples: [Double]) {
    precondition(channelCount > 0 && samples.count % channelCount == 0)
    self.channelCount = channelCount
    self.samples = samples
  }

  /// Silence.
  public init(channelCount: Int, silentFrames: Int) {
    self.init(
      channelCount: channelCount,
      samples: [Double](repeating: 0, count: channelCount * silentFrames))
  }

  /// Joins separate channels of equal length.
  public init(channels: [[Float]]) {
    precondition(!channels.isEmpty && channels.allSatisfy { $0.count == channels[0].count })
    let count = channels.count
    let frames = channels[0].count
    channelCount = count
    samples = [Double](unsafeUninitializedCapacity: count * frames) { out, filled in
      for (c, channel) in channels.enumerated() {
        channel.withUnsafeBufferPointer { source in
          for f in 0..<frames { out[f * count + c] = Double(source[f]) }
        }
      }
      filled = count * frames
    }
  }

  /// One channel, rounded to 32 bits.
  public func channel(_ index: Int) -> [Float] {
    precondition(index < channelCount)
    let frames = frameCount
    return [Float](unsafeUninitializedCapacity: frames) { out, filled in
      samples.withUnsafeBufferPointer { source in
        for f in 0..<frames { out[f] = Float(source[f * channelCount + index]) }
      }
      filled = frames
    }
  }

  /// All channels, rounded to 32 bits.
  public var channels: [[Float]] { (0..<channelCount).map { channel($0) } }

  /// Mean of the channels, rounded to 32 bits: what the models listen to.
  public func mono() -> [Float] {
    if channelCount == 1 { return channel(0) }
    let frames = frameCount
    let scale = 1 / Double(channelCount)
    return [Float](unsafeUninitializedCapacity: frames) { out, filled in
      samples.withUnsafeBufferPointer { source in
        for f in 0..<frames {
          var sum = 0.0
          for c in 0..<channelCount { sum += source[f * channelCount + c] }
          out[f] = Float(sum * scale)
        }
      }
      filled = frames
    }
  }

  /// A copy of some frames.
  public func frames(_ range: Range<Int>) -> AudioBlock {
    AudioBlock(
      channelCount: channelCount,
      samples: Array(samples[range.lowerBound * channelCount..<range.upperBound * channelCount]))
  }

  /// Adds the frames of `other` behind these.
  public mutating func append(_ other: AudioBlock) {
    precondition(other.channelCount == channelCount)
    samples.append(contentsOf: other.samples)
  }

  /// Adds `stem` from `frame` on. Samples where the stem is zero keep their very bits, the sign
  /// of a negative zero included.
  /// - Parameters:
  ///   - stem: same channel count; must end within this block.
  ///   - gain: linear factor of the stem.
  public mutating func mix(_ stem: AudioBlock, at frame: Int = 0, gain: Double = 1) {
    precondition(stem.channelCount == channelCount && frame >= 0)
    precondition(frame + stem.frameCount <= frameCount)
    let offset = frame * channelCount
    samples.withUnsafeMutableBufferPointer { out in
      stem.samples.withUnsafeBufferPointer { source in
        for i in 0..<source.count {
          let x = source[i] * gain
          out[offset + i] = x == 0 ? out[offset + i] : out[offset + i] + x
        }
      }
    }
  }
}
