/// Element types that tensors hold.
public enum DType: String, Sendable, Hashable {
  /// IEEE single precision, 4 bytes.
  case f32
  /// The upper half of an IEEE single, 2 bytes.
  case bf16

  /// Size of one element in bytes.
  public var byteCount: Int { self == .f32 ? 4 : 2 }
}

/// The arithmetic of matrix products and convolutions.
///
/// Weights are converted once, when a layer is built, so the choice is made at load:
/// `try Precision.$current.withValue(.fp32) { try Model(scope) }`.
public enum Precision: String, Codable, Sendable, CaseIterable {
  /// Single precision throughout.
  case fp32
  /// bfloat16 factors, single precision sums; slow on CPUs with AVX-512 but without bf16, and
  /// `fp32` on CPUs without AVX-512.
  case bf16
  /// `bf16` where the CPU has bf16 instructions, else `fp32`.
  case auto

  /// The choice that layers built in this task take.
  @TaskLocal public static var current: Precision = .auto
}
