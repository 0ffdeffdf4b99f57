import CFFTW
import Synchronization

/// A real FFT of one size and direction by FFTW, in single precision.
///
/// Plans are made with `FFTW_ESTIMATE`, so that the same input gives the same bytes on every run,
/// and kept for the life of the process. Making plans is serialised here; executing them is safe
/// from any thread, each with its own ``FFTScratch``.
struct FFTPlan: @unchecked Sendable {
  enum Direction { case forward, inverse }
  private struct Key: Hashable {
    let size: Int
    let direction: Direction
  }

  private let plan: fftwf_plan
  let size: Int

  private static let cache = Mutex<[Key: FFTPlan]>([:])

  /// The plan for real signals of `size` samples (even).
  static func plan(size: Int, direction: Direction) -> FFTPlan {
    cache.withLock { plans in
      let key = Key(size: size, direction: direction)
      if let known = plans[key] { return known }
      let made = FFTPlan(size: size, direction: direction)
      plans[key] = made
      return made
    }
  }

  private init(size: Int, direction: Direction) {
    let scratch = FFTScratch(size: size)
    self.size = size
    switch direction {
    case .forward:
      plan = fftwf_plan_dft_r2c_1d(Int32(size), scratch.real, scratch.complex, FFTW_ESTIMATE)
    case .inverse:
      plan = fftwf_plan_dft_c2r_1d(Int32(size), scratch.complex, scratch.real, FFTW_ESTIMATE)
    }
  }

  /// `scratch.real` [size] -> `scratch.complex` [size/2 + 1], unscaled.
  func forward(_ scratch: FFTScratch) {
    fftwf_execute_dft_r2c(plan, scratch.real, scratch.complex)
  }

  /// `scratch.complex` [size/2 + 1] (overwritten) -> `scratch.real` [size], scaled by `size`.
  func inverse(_ scratch: FFTScratch) {
    fftwf_execute_dft_c2r(plan, scratch.complex, scratch.real)
  }
}

/// Memory for one transform at a time, aligned as FFTW's vector code wants it.
final class FFTScratch {
  let real: UnsafeMutablePointer<Float>
  let complex: UnsafeMutablePointer<fftwf_complex>

  /// The complex side as interleaved floats.
  var interleaved: UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(complex).assumingMemoryBound(to: Float.self)
  }

  init(size: Int) {
    real = fftwf_alloc_real(size)
    complex = fftwf_alloc_complex(size / 2 + 1)
  }

  deinit {
    fftwf_free(real)
    fftwf_free(complex)
  }
}
