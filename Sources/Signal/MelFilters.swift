import Foundation

/// Triangular filters from FFT bins to mel bands, stored without their zeros.
public struct MelFilters: Sendable {
  public let bandCount: Int
  public let binCount: Int
  /// For each band its first bin and where its weights lie in `weights`.
  struct Row: Sendable {
    let firstBin: Int
    let start: Int
    let count: Int
  }
  let rows: [Row]
  let weights: [Float]

  public init(_ layout: MelLayout) throws {
    try layout.validate()
    bandCount = layout.bands
    binCount = layout.stft.binCount
    let dense =
      layout.arithmetic == .double ? Self.double(layout) : SinglePrecisionFilters.triangles(layout)
    var (rows, weights): ([Row], [Float]) = ([], [])
    for band in 0..<bandCount {
      let row = dense[band * binCount..<(band + 1) * binCount]
      let first = row.firstIndex { $0 > 0 } ?? row.startIndex
      let end = (row.lastIndex { $0 > 0 } ?? row.startIndex - 1) + 1
      rows.append(
        Row(firstBin: first - row.startIndex, start: weights.count, count: max(0, end - first)))
      if end > first { weights += row[first..<end] }
    }
    self.rows = rows
    self.weights = weights
  }

  /// The whole matrix `[band][bin]`.
  public var dense: [Float] {
    var matrix = [Float](repeating: 0, count: bandCount * binCount)
    for (band, row) in rows.enumerated() {
      for i in 0..<row.count {
        matrix[band * binCount + row.firstBin + i] = weights[row.start + i]
      }
    }
    return matrix
  }

  /// Bands of one frame: sums over the bins under each triangle.
  func apply(_ bins: UnsafePointer<Float>, into bands: UnsafeMutablePointer<Float>) {
    weights.withUnsafeBufferPointer { weights in
      for (band, row) in rows.enumerated() {
        let (x, w) = (bins + row.firstBin, weights.baseAddress! + row.start)
        var sum = SIMD8<Float>()
        var i = 0
        while i + 8 <= row.count {
          let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
          let b = UnsafeRawPointer(w + i).loadUnaligned(as: SIMD8<Float>.self)
          sum.addProduct(a, b)
          i += 8
        }
        var total = sum.sum()
        while i < row.count {
          total += x[i] * w[i]
          i += 1
        }
        bands[band] = total
      }
    }
  }

  private static func double(_ layout: MelLayout) -> [Float] {
    let (bins, bands) = (layout.stft.binCount, layout.bands)
    let edges = layout.edgesHz
    var matrix = [Float](repeating: 0, count: bands * bins)
    for band in 0..<bands {
      let (left, peak, right) = (edges[band], edges[band + 1], edges[band + 2])
      let weight = layout.norm == .slaney ? 2 / (right - left) : 1
      for bin in 0..<bins {
        let hz = Double(bin) * Double(layout.sampleRateHz) / Double(layout.stft.fftSize)
        let value = min((hz - left) / (peak - left), (right - hz) / (right - peak))
        if value > 0 { matrix[band * bins + bin] = Float(value * weight) }
      }
    }
    return matrix
  }

  /// Slaney's scale: 3 mel for each 200 Hz up to 1 kHz, then 27 for each factor of 6.4.
  public static func hzToMel(_ hz: Double, _ scale: MelScale) -> Double {
    switch scale {
    case .htk: return 2595 * log10(1 + hz / 700)
    case .slaney: return hz < 1000 ? 3 * hz / 200 : 15 + 27 * log(hz / 1000) / log(6.4)
    }
  }

  public static func melToHz(_ mel: Double, _ scale: MelScale) -> Double {
    switch scale {
    case .htk: return 700 * (pow(10, mel / 2595) - 1)
    case .slaney: return mel < 15 ? 200 * mel / 3 : 1000 * exp(log(6.4) * (mel - 15) / 27)
    }
  }
}

/// The filters with torchaudio's rounding (`torchaudio.functional.melscale_fbanks`, 2.x): every
/// step in single precision, in its order.
enum SinglePrecisionFilters {
  static func triangles(_ layout: MelLayout) -> [Float] {
    let (bins, bands) = (layout.stft.binCount, layout.bands)
    let low = MelFilters.hzToMel(layout.lowestHz, layout.scale)
    let high = MelFilters.hzToMel(layout.highestHz, layout.scale)
    let mels = evenly(Float(low), Float(high), bands + 2)
    let edges = mels.map { layout.scale == .htk ? htkToHz($0) : slaneyToHz($0) }
    let frequencies = evenly(0, Float(layout.sampleRateHz / 2), bins)
    var matrix = [Float](repeating: 0, count: bands * bins)
    for band in 0..<bands {
      let rise = edges[band + 1] - edges[band]
      let fall = edges[band + 2] - edges[band + 1]
      let weight = layout.norm == .slaney ? 2 / (edges[band + 2] - edges[band]) : 1
      for bin in 0..<bins {
        let up = -(edges[band] - frequencies[bin]) / rise
        let down = (edges[band + 2] - frequencies[bin]) / fall
        matrix[band * bins + bin] = max(0, min(up, down)) * weight
      }
    }
    return matrix
  }

  /// `torch.linspace`: counts from the nearer end, with fused products.
  private static func evenly(_ start: Float, _ end: Float, _ count: Int) -> [Float] {
    let step = (end - start) / Float(count - 1)
    return (0..<count).map {
      $0 < count / 2
        ? start.addingProduct(step, Float($0)) : end.addingProduct(-step, Float(count - 1 - $0))
    }
  }

  private static func htkToHz(_ mel: Float) -> Float { 700 * (powf(10, mel / 2595) - 1) }

  private static func slaneyToHz(_ mel: Float) -> Float {
    mel < 15 ? Float(200.0 / 3) * mel : 1000 * expf(Float(log(6.4) / 27) * (mel - 15))
  }
}

extension MelLayout {
  /// Corners of the triangles, Hz: band b rises from edge b, peaks at b + 1 and ends at b + 2.
  public var edgesHz: [Double] {
    let (low, high) = (
      MelFilters.hzToMel(lowestHz, scale), MelFilters.hzToMel(highestHz, scale)
    )
    return (0..<bands + 2).map {
      MelFilters.melToHz(low + (high - low) * Double($0) / Double(bands + 1), scale)
    }
  }
}
