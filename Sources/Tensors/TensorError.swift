/// What can be wrong with a tensor that comes from outside (a file, a caller's array).
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// The tensor named `name` has another shape than its user needs.
  case shape(name: String, expected: [Int], got: [Int])
  /// The tensor named `name` has another element type than its user needs.
  case dtype(name: String, expected: DType, got: DType)
  /// `got` elements or bytes do not fill the shape, which needs `expected`.
  case size(name: String, expected: Int, got: Int)

  public var description: String {
    switch self {
    case .shape(let name, let expected, let got):
      "tensor '\(name)': expected shape \(expected), got \(got)"
    case .dtype(let name, let expected, let got):
      "tensor '\(name)': expected \(expected.rawValue) elements, got \(got.rawValue)"
    case .size(let name, let expected, let got):
      "tensor '\(name)': its shape needs \(expected) elements, got \(got)"
    }
  }
}
