/// Why a file was not fetched, in one line.
public enum DownloadError: Error, Equatable, Sendable, CustomStringConvertible {
  case address(String, reason: String)
  /// The connection or its certificate failed, or the server did.
  case transfer(url: String, reason: String)
  case status(url: String, code: Int)
  case tooLarge(url: String, limit: Int)
  case size(url: String, expected: Int, got: Int)
  case hash(url: String, expected: String, got: String)
  case disk(path: String, reason: String)
  /// What the hub says of a model cannot be used.
  case hub(model: String, problem: String)

  public var description: String {
    switch self {
    case .address(let url, let reason): "\(url.prefix(200)) is not fetched: \(reason)"
    case .transfer(let url, let reason):
      "fetching \(url) failed: \(reason); what has arrived is kept, call it again to go on"
    case .status(let url, let code):
      "the server answered \(code) to \(url)"
        + (code == 401 || code == 403 || code == 404
          ? "; the name may be wrong or the model not public" : "")
    case .tooLarge(let url, let limit):
      "\(url) is larger than the limit of \(limit) bytes; raise it with --max-size"
    case .size(let url, let expected, let got):
      "\(url) has \(got) bytes, announced were \(expected); it was removed"
    case .hash(let url, let expected, let got):
      "\(url) has sha256 \(got), expected \(expected); it was removed"
    case .disk(let path, let reason): "cannot write \(path): \(reason)"
    case .hub(let model, let problem): "cannot fetch \(model): \(problem)"
    }
  }
}
