/// Carries a mask on mel bands to the FFT bins under them: each bin takes the mean of the bands
/// that cover it, weighted by their triangles; a bin that no triangle covers takes the band with
/// the nearest peak. Equals `spread` in Models/training/music/features.py.
public struct BandSpread: Sendable {
  public let bandCount: Int
  public let binCount: Int
  private let starts: [Int]
  private let bands: [Int32]
  private let weights: [Float]

  public init(_ filters: MelFilters) {
    bandCount = filters.bandCount
    binCount = filters.binCount
    var covering = [[(band: Int, weight: Double)]](repeating: [], count: filters.binCount)
    var peaks: [Int] = []
    for (band, row) in filters.rows.enumerated() {
      let weights = filters.weights[row.start..<row.start + row.count]
      let area = max(1e-9, weights.reduce(0.0) { $0 + Double($1) })
      peaks.append(
        weights.max().flatMap { weights.firstIndex(of: $0) }
          .map { row.firstBin + $0 - row.start } ?? 0)
      for (i, weight) in weights.enumerated() where weight > 0 {
        covering[row.firstBin + i].append((band, Double(weight) / area))
      }
    }
    var (starts, bands, weights): ([Int], [Int32], [Float]) = ([0], [], [])
    for (bin, list) in covering.enumerated() {
      let nearest = peaks.indices.min { abs(peaks[$0] - bin) < abs(peaks[$1] - bin) } ?? 0
      let used = list.isEmpty ? [(nearest, 1.0)] : list
      let total = used.reduce(0.0) { $0 + $1.1 }
      for (band, weight) in used {
        bands.append(Int32(band))
        weights.append(Float(weight / total))
      }
      starts.append(bands.count)
    }
    self.starts = starts
    self.bands = bands
    self.weights = weights
  }

  /// Sums of one frame's bins `[bin]` by band `[band]`, with the weights that carry bands to bins.
  func gather(_ bins: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>) {
    sums.update(repeating: 0, count: bandCount)
    for bin in 0..<binCount {
      for i in starts[bin]..<starts[bin + 1] { sums[Int(bands[i])] += weights[i] * bins[bin] }
    }
  }

  /// `[frame][band]` to `[frame][bin]`.
  public func callAsFunction(_ mask: [Float]) -> [Float] {
    precondition(mask.count % bandCount == 0)
    let frames = mask.count / bandCount
    return [Float](unsafeUninitializedCapacity: frames * binCount) { out, filled in
      mask.withUnsafeBufferPointer { mask in
        for t in 0..<frames {
          for bin in 0..<binCount {
            var sum: Float = 0
            for i in starts[bin]..<starts[bin + 1] {
              sum += mask[t * bandCount + Int(bands[i])] * weights[i]
            }
            out[t * binCount + bin] = sum
          }
        }
      }
      filled = frames * binCount
    }
  }
}
