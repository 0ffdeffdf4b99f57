import AudioFiles
import Foundation

/// Interleaved 32-bit float samples in a file without a name: it takes disk space, not memory, and vanishes
/// with the process however that ends.
final class ScratchAudio {
  let channelCount: Int
  private(set) var frameCount = 0
  private let descriptor: Int32
  private let folder: String
  private var bytesPerFrame: Int { channelCount * MemoryLayout<Float>.stride }

  /// - Parameter folder: where the disk space is taken; beside the output, there must be room.
  /// - Throws: ``EditError/scratch(folder:code:)``
  init(channelCount: Int, folder: String) throws {
    self.channelCount = channelCount
    self.folder = folder
    var name = Array("\(folder)/.aedit-XXXXXX".utf8CString)
    descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw Self.failure(folder) }
    unlink(name)
  }

  deinit { close(descriptor) }

  /// Adds frames behind the last.
  func append(_ block: AudioBlock) throws {
    precondition(block.channelCount == channelCount)
    let elements = block.samples.map { Float($0) }
    try elements.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let place = off_t(frameCount * bytesPerFrame + done)
        let wrote = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, place)
        guard wrote > 0 else { throw Self.failure(folder) }
        done += wrote
      }
    }
    frameCount += block.frameCount
  }

  /// The frames of `range`, which must have been written.
  func read(_ range: Range<Int>) throws -> AudioBlock {
    precondition(range.lowerBound >= 0 && range.upperBound <= frameCount)
    var elements = [Float](repeating: 0, count: range.count * channelCount)
    try elements.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < bytes.count {
        let place = off_t(range.lowerBound * bytesPerFrame + done)
        let got = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, place)
        guard got > 0 else { throw Self.failure(folder) }
        done += got
      }
    }
    return AudioBlock(channelCount: channelCount, samples: elements.map { Double($0) })
  }

  private static func failure(_ folder: String) -> EditError {
    .scratch(folder: folder, code: errno)
  }
}
