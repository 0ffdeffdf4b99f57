import Foundation

/// libsndfile writes a PEAK chunk, which carries the time of day, into RF64 files of floats and does
/// not let it be left out (`SFC_SET_ADD_PEAK_CHUNK` knows WAV, AIFF and CAF only). Without the time,
/// the same sound gives the same bytes.
enum PeakTime {
  static func makeReproducible(_ path: String) throws {
    let descriptor = open(path, O_RDWR)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: 16)  // name, size, version, time
    var offset = 12
    while pread(descriptor, &head, head.count, off_t(offset)) == head.count {
      if head.starts(with: "data".utf8) { return }
      if head.starts(with: "PEAK".utf8) {
        let none: [UInt8] = [0, 0, 0, 0]
        guard pwrite(descriptor, none, none.count, off_t(offset + 12)) == none.count else {
          throw AudioFileError.system(path: path, code: errno)
        }
        return
      }
      let size = (0..<4).reduce(0) { $0 | Int(head[4 + $1]) << (8 * $1) }
      offset += 8 + size + (size & 1)
    }
  }
}
