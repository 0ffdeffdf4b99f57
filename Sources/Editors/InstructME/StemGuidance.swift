/// Classifier-free guidance by two conditions, the text and the song: the velocity is
/// `v(none) + song (v(song) - v(none)) + text (v(text, song) - v(song))`, where without the text
/// there is the negative one. A weight of 1 leaves that condition as it was learned.
///
/// Source: InstructPix2Pix (2211.09800, equation 3), with the song in the image's place.
public struct StemGuidance: Sendable, Equatable {
  public var text: Float
  public var song: Float

  public init(text: Float, song: Float) { (self.text, self.song) = (text, song) }

  /// One of the velocities that guidance adds up.
  public struct Branch: Sendable {
    /// Whether it has the text that is asked for, or the negative one.
    public let hasText: Bool
    public let hearsSong: Bool
    let weight: Float
  }

  /// Those whose weight is not zero; the one with text and song comes first.
  public var branches: [Branch] {
    [
      Branch(hasText: true, hearsSong: true, weight: text),
      Branch(hasText: false, hearsSong: true, weight: song - text),
      Branch(hasText: false, hearsSong: false, weight: 1 - song),
    ].filter { $0.weight != 0 || $0.hasText }
  }
}
