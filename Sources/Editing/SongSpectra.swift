import AudioFiles
import Foundation
import Signal

/// A stretch of a song as its own STFT, read block by block, and stems made of such spectra.
///
/// The STFT begins in zeros, which no factor of a bin changes.
struct SongSpectra {
  let stft: STFT
  private let range: Range<Int>
  private let reader: any SongReader
  private var analysis: [STFTStream]
  private var position: Int
  /// Whether the spectra given last were the last of the stretch.
  private(set) var isFinished = false

  private static let blockFrames = 32768

  /// - Parameter layout: of the model; the window lasts about as long as its.
  init(_ song: Song, range: Range<Int>, like layout: MelLayout) throws {
    self.range = range
    reader = try song.reader()
    let exact =
      Double(layout.stft.fftSize) * Double(song.info.sampleRate) / Double(layout.sampleRateHz)
    let size = 1 << max(6, Int(log2(exact).rounded()))
    stft = try STFT(STFTLayout(fftSize: size, hopSamples: size / 4, padding: .centredZeros))
    analysis = [STFTStream](repeating: STFTStream(stft), count: song.info.channelCount)
    position = range.lowerBound
  }

  /// Spectra of each channel, equally many; nil after the end.
  mutating func next() throws -> [ComplexFrames]? {
    guard position < range.upperBound else { return nil }
    let end = min(position + Self.blockFrames, range.upperBound)
    let block = try reader.read(position..<end)
    position = end
    isFinished = end == range.upperBound
    return block.channels.enumerated().map { channel, samples in
      var frames = analysis[channel].push(samples)
      if isFinished { frames.append(analysis[channel].finish()) }
      return frames
    }
  }

  /// What turns spectra of each channel of a stem into sound.
  func synthesis() -> [ISTFTStream] {
    [ISTFTStream](
      repeating: ISTFTStream(stft, sampleCount: range.count), count: analysis.count)
  }

  /// Sound of the spectra that were made of those given last.
  func block(_ spectra: [ComplexFrames], by synthesis: inout [ISTFTStream]) -> AudioBlock {
    AudioBlock(
      channels: spectra.enumerated().map { channel, frames in
        var samples = synthesis[channel].push(frames)
        if isFinished { samples += synthesis[channel].finish() }
        return samples
      })
  }
}
