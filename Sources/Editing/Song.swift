import AudioFiles

/// A song to read from: the input file, or what steps of the plan make of it.
struct Song {
  let info: AudioInfo
  private let open: () throws -> any SongReader

  /// A sound file.
  /// - Throws: `AudioFileError`
  init(path: String) throws {
    info = try AudioReader(path: path).info
    open = { FileSongReader(reader: try AudioReader(path: path)) }
  }

  /// Another song with a stem mixed into it, which happens while reading.
  init(_ song: Song, _ mix: StemMix) {
    info = song.info
    open = { MixedSongReader(song: try song.reader(), mix: mix) }
  }

  /// Share of the band that resampling keeps.
  static let bandShare = 0.96

  /// The same sound at another rate, in a working file.
  init(_ song: Song, resampledLike info: AudioInfo, folder: String) throws {
    let resampler = try StreamResampler(
      from: song.info.sampleRate, to: info.sampleRate, channelCount: info.channelCount)
    let scratch = try ScratchAudio(channelCount: info.channelCount, folder: folder)
    let reader = try song.reader()
    for piece in (0..<song.info.frameCount).pieces(of: SongLevels.blockFrames) {
      try scratch.append(try resampler.process(try reader.read(piece)))
    }
    try scratch.append(try resampler.finish())
    var exact = info
    exact.frameCount = scratch.frameCount
    let nonFinite = reader.nonFiniteSampleCount
    self.info = exact
    open = { ScratchSongReader(scratch: scratch, nonFiniteSampleCount: nonFinite) }
  }

  /// Another song of which some stretches, which do not overlap, are replaced while reading.
  init(_ song: Song, _ patches: [Patch]) {
    info = song.info
    open = { PatchedSongReader(song: try song.reader(), patches: patches) }
  }

  /// Another song in which silence stands for some frames, of another number.
  init(_ song: Song, silence count: Int, for cut: Range<Int>) {
    var spliced = song.info
    spliced.frameCount += count - cut.count
    info = spliced
    let channels = info.channelCount
    open = {
      SplicedSongReader(song: try song.reader(), channelCount: channels, cut: cut, count: count)
    }
  }

  /// A new cursor; each keeps its own place, so that several passes can run side by side.
  func reader() throws -> any SongReader { try open() }

  /// Lets somebody hear a song that stays as it is.
  func play(to listener: SongListener) throws {
    let reader = try reader()
    for piece in (0..<info.frameCount).pieces(of: SongLevels.blockFrames) {
      let block = try reader.read(piece)
      listener(block, block)
    }
  }
}

/// A cursor over a song's frames. Reading on from where the last read ended is cheap; going back
/// in a lossy file decodes it from its start.
protocol SongReader: AnyObject {
  /// The frames of `range`, which must lie within the song.
  func read(_ range: Range<Int>) throws -> AudioBlock
  /// Samples of the file that were no numbers and were read as 0, so far.
  var nonFiniteSampleCount: Int { get }
}

private final class FileSongReader: SongReader {
  private let reader: AudioReader

  init(reader: AudioReader) { self.reader = reader }

  var nonFiniteSampleCount: Int { reader.nonFiniteSampleCount }

  func read(_ range: Range<Int>) throws -> AudioBlock {
    if reader.position != range.lowerBound { try reader.seek(toFrame: range.lowerBound) }
    return try reader.read(frames: range.count)
  }
}

private final class ScratchSongReader: SongReader {
  private let scratch: ScratchAudio
  let nonFiniteSampleCount: Int

  init(scratch: ScratchAudio, nonFiniteSampleCount: Int) {
    (self.scratch, self.nonFiniteSampleCount) = (scratch, nonFiniteSampleCount)
  }

  func read(_ range: Range<Int>) throws -> AudioBlock { try scratch.read(range) }
}

private final class MixedSongReader: SongReader {
  private let song: any SongReader
  private let mix: StemMix

  init(song: any SongReader, mix: StemMix) {
    self.song = song
    self.mix = mix
  }

  var nonFiniteSampleCount: Int { song.nonFiniteSampleCount }

  func read(_ range: Range<Int>) throws -> AudioBlock {
    mix.mixed(try song.read(range), with: try mix.stem(in: range), at: range.lowerBound)
  }
}

private final class PatchedSongReader: SongReader {
  private let song: any SongReader
  private let patches: [Patch]

  init(song: any SongReader, patches: [Patch]) {
    self.song = song
    self.patches = patches
  }

  var nonFiniteSampleCount: Int { song.nonFiniteSampleCount }

  func read(_ range: Range<Int>) throws -> AudioBlock {
    var block = try song.read(range)
    let channels = block.channelCount
    for patch in patches where patch.frames.overlaps(range) {
      let common = patch.frames.clamped(to: range)
      let from = (common.lowerBound - patch.frames.lowerBound) * channels
      let to = (common.lowerBound - range.lowerBound) * channels
      for index in 0..<common.count * channels {
        block.samples[to + index] = patch.block.samples[from + index]
      }
    }
    return block
  }
}

private final class SplicedSongReader: SongReader {
  private let song: any SongReader
  private let channelCount: Int
  private let cut: Range<Int>
  private let count: Int

  init(song: any SongReader, channelCount: Int, cut: Range<Int>, count: Int) {
    self.song = song
    self.channelCount = channelCount
    self.cut = cut
    self.count = count
  }

  var nonFiniteSampleCount: Int { song.nonFiniteSampleCount }

  func read(_ range: Range<Int>) throws -> AudioBlock {
    let (start, end) = (cut.lowerBound, cut.lowerBound + count)
    let moved = cut.upperBound - end
    var samples: [Double] = []
    if range.lowerBound < start {
      samples += try song.read(range.lowerBound..<min(range.upperBound, start)).samples
    }
    let silent = range.clamped(to: start..<end).count
    samples += [Double](repeating: 0, count: silent * channelCount)
    if range.upperBound > end {
      let after = max(range.lowerBound, end) + moved..<range.upperBound + moved
      samples += try song.read(after).samples
    }
    return AudioBlock(channelCount: channelCount, samples: samples)
  }
}

extension Range where Bound == Int {
  /// Consecutive pieces of at most `size`.
  func pieces(of size: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: size).map {
      $0..<Swift.min($0 + size, upperBound)
    }
  }
}
