import CSndFile
import Foundation

/// An MP3 file as libsndfile should see it: its tags, a frame that announces the true length, and
/// its sound. Nothing is copied; reads are mapped to the file.
final class RepairedMP3 {
  private let file: WindowedFile
  private let tags: Range<Int>
  private let insert: [UInt8]
  private let sound: Range<Int>
  private var position = 0

  init?(path: String, index: MP3Index) {
    guard let file = WindowedFile(path: path) else { return nil }
    self.file = file
    tags = 0..<index.firstFrame
    insert = index.infoFrame()
    sound = index.firstSound..<max(index.firstSound, file.count)
  }

  private var count: Int { tags.count + insert.count + sound.count }

  /// Opens the repaired stream; this object must live as long as the handle.
  func open(_ header: inout SF_INFO) -> OpaquePointer? {
    position = 0
    var calls = SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(RepairedMP3.from($0).count) },
      seek: { offset, whence, me in sf_count_t(RepairedMP3.from(me).seek(Int(offset), whence)) },
      read: { out, count, me in sf_count_t(RepairedMP3.from(me).read(Int(count), into: out)) },
      write: { _, _, _ in 0 },
      tell: { sf_count_t(RepairedMP3.from($0).position) })
    return sf_open_virtual(
      &calls, Int32(SFM_READ), &header, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func from(_ pointer: UnsafeMutableRawPointer?) -> RepairedMP3 {
    Unmanaged<RepairedMP3>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private func seek(_ offset: Int, _ whence: Int32) -> Int {
    let base = whence == SEEK_CUR ? position : whence == SEEK_END ? count : 0
    position = min(max(0, base + offset), count)
    return position
  }

  private func read(_ wanted: Int, into out: UnsafeMutableRawPointer?) -> Int {
    guard let out else { return 0 }
    var done = 0
    while done < wanted, position < count {
      let part: [UInt8]
      let left = wanted - done
      if position < tags.count {
        part = file.read(at: position, count: min(left, tags.count - position))
      } else if position < tags.count + insert.count {
        let start = position - tags.count
        part = Array(insert[start..<min(insert.count, start + left)])
      } else {
        part = file.read(
          at: sound.lowerBound + position - tags.count - insert.count, count: left)
      }
      if part.isEmpty { break }
      part.withUnsafeBytes { (out + done).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      done += part.count
      position += part.count
    }
    return done
  }
}
