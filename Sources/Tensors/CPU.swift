import CDNNL

/// What this processor is good at.
public enum CPU {
  /// The CPU multiplies bf16 in hardware (AVX512-BF16); elsewhere `auto` means `fp32`.
  public static let hasBF16 = cdnnl_has_bf16()
  /// oneDNN's packed products are faster than OpenBLAS here (AVX-512).
  static let hasPackedProducts = cdnnl_is_fast()
}

extension Precision {
  /// Whether products built under this choice have bf16 factors on this CPU.
  public var usesBF16: Bool {
    switch self {
    case .fp32: false
    case .bf16: CPU.hasPackedProducts
    case .auto: CPU.hasBF16
    }
  }
}
