import AudioFiles

/// Makes stems of a stretch of a song, in order, so that memory does not grow with its length.
protocol StemSource: AnyObject {
  /// The next frames of each stem, equally long, with the song's rate and channels; nil at the
  /// end. Together they are exactly as long as the stretch.
  func next() throws -> [AudioBlock]?
}
