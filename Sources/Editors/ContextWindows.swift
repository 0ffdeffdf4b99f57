/// Rows that arrive in order, handed on in windows that overlap: each row once in the inner part
/// of a window, with up to `context` neighbours on either side.
///
/// A network that looks no further than `context` rows gives for the inner rows what it would give
/// on the whole, so that windows join without a seam.
public struct ContextWindows: Sendable {
  public struct Window: Sendable {
    /// `[row][column]`.
    public let values: [Float]
    /// The rows of `values` that belong to this window alone.
    public let inner: Range<Int>
  }

  public let width: Int
  public let context: Int
  /// Inner rows of a window.
  public let length: Int
  private var rows: [Float] = []
  /// Rows at the start of `rows` that are context only.
  private var done = 0

  public init(width: Int, context: Int, length: Int) {
    self.width = width
    self.context = context
    self.length = length
  }

  /// Takes rows and gives the windows that are complete.
  public mutating func push(_ values: [Float]) -> [Window] {
    rows += values
    var windows: [Window] = []
    while rows.count / width >= done + length + context { windows.append(cut(length, context)) }
    return windows
  }

  /// Ends the rows and gives the rest.
  public mutating func finish() -> [Window] {
    var windows: [Window] = []
    while rows.count / width > done {
      let inner = min(length, rows.count / width - done)
      windows.append(cut(inner, min(context, rows.count / width - done - inner)))
    }
    return windows
  }

  private mutating func cut(_ inner: Int, _ after: Int) -> Window {
    let window = Window(
      values: Array(rows.prefix((done + inner + after) * width)), inner: done..<done + inner)
    let kept = min(context, done + inner)
    rows.removeFirst((done + inner - kept) * width)
    done = kept
    return window
  }
}
