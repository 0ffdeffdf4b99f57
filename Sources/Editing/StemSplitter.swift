import AudioFiles
import Editors
import Foundation
import Metrics

/// One file of a split song.
public struct StemFile: Sendable, Codable, Equatable {
  public let name: String
  /// Nil when nothing of it was found and no file was written.
  public let path: String?
  /// Integrated loudness; nil for silence.
  public let loudnessLUFS: Double?
  /// How sure the masker is that the stem is there, 0...1; nil for the rest.
  public let presence: Double?
}

/// Splits a song into stems and a rest whose samples sum to the song exactly.
///
/// Stems are rounded to the song's sample grid (24 bits for float songs), so that the rest is an
/// exact difference. The rest of a float song is stored in 64 bits, which that takes.
struct StemSplitter {
  let song: Song
  let names: [String]
  let masker: any StemMasker
  let texts: [TextStates]
  let folder: String
  let overwrite: Bool

  static let rest = "other"

  private var isFloat: Bool {
    if case .integer = song.info.encoding { false } else { true }
  }
  private var grid: SampleEncoding { isFloat ? .integer(bits: 24) : song.info.encoding }

  /// `.wav`, `.flac` or `.aiff` as the song; WAV for what is lossy or float.
  private func path(_ name: String) -> String {
    let container = song.info.container
    let ending = isFloat ? "wav" : container == .flac ? "flac" : container == .aiff ? "aiff" : "wav"
    return "\(folder)/\(name.replacingOccurrences(of: " ", with: "-")).\(ending)"
  }

  private func writer(_ name: String) throws -> AudioWriter {
    let encoding: SampleEncoding? = !isFloat ? nil : .float(bits: name == Self.rest ? 64 : 32)
    return try AudioWriter(
      path: path(name), like: song.info, encoding: encoding, overwrite: overwrite)
  }

  func split(progress: (Double) throws -> Void) throws -> [StemFile] {
    let levels = try SongLevels(of: song) { try progress(0.05 * $0) }
    let frames = song.info.frameCount
    let source = try MaskedStems(
      song, range: 0..<frames, masker: masker, texts: texts, gain: levels.modelGain,
      combination: .each)
    let reader = try song.reader()
    let writers = try (names + [Self.rest]).map(writer)
    var meters = writers.map { _ in
      LoudnessMeter(sampleRate: song.info.sampleRate, channelCount: song.info.channelCount)
    }
    var heard = [Bool](repeating: false, count: writers.count)
    var position = 0
    while var parts = try source.next() {
      let end = position + parts[0].frameCount
      settle(&parts, against: try reader.read(position..<end))
      for (index, part) in parts.enumerated() {
        try writers[index].write(part)
        meters[index].push(part.samples)
        heard[index] = heard[index] || part.samples.contains { $0 != 0 }
      }
      position = end
      try progress(0.05 + 0.95 * Double(position) / Double(frames))
    }
    return try writers.indices.map { index in
      let isRest = index == names.count
      if heard[index] || isRest { try writers[index].commit() } else { writers[index].discard() }
      return StemFile(
        name: isRest ? Self.rest : names[index],
        path: heard[index] || isRest ? writers[index].path : nil,
        loudnessLUFS: meters[index].integratedLUFS.map { ($0 * 10).rounded() / 10 },
        presence: isRest ? nil : Double(source.presence[index]))
    }
  }

  /// Rounds stems to the grid and adds the rest, within full scale: what the rest cannot hold goes
  /// back into the stems.
  private func settle(_ parts: inout [AudioBlock], against song: AudioBlock) {
    parts = parts.map { Quantiser.quantised($0, as: grid).block }
    var rest = song
    for part in parts { rest.mix(part, gain: -1) }
    guard case .integer(let bits) = self.song.info.encoding else {
      parts.append(rest)
      return
    }
    let step = 1 / Double(UInt64(1) << UInt64(bits - 1))
    for i in rest.samples.indices {
      for stem in parts.indices {
        let excess = rest.samples[i] - min(max(rest.samples[i], -1), 1 - step)
        guard excess != 0 else { break }
        let moved = min(max(parts[stem].samples[i] + excess, -1), 1 - step)
        rest.samples[i] -= moved - parts[stem].samples[i]
        parts[stem].samples[i] = moved
      }
    }
    parts.append(rest)
  }
}

extension SongEditor {
  /// Splits a song into all stems that the models know, and `other`; the files' samples sum to the
  /// song exactly.
  ///
  /// - Parameters:
  ///   - folder: is made if needed; files are called after the stems.
  ///   - overwrite: whether files in it may be replaced.
  /// - Throws: ``EditError``, `AudioFileError`, `CheckpointError`, and what `progress` throws.
  public func stems(
    of input: String, into folder: String, overwrite: Bool = false,
    progress: ProgressHandler = { _ in }
  ) throws -> [StemFile] {
    let song = try Song(path: input)
    let targets = try models.targets()
    let masker = try models.masker(for: targets[0])
    let names = SongParts.all(of: targets)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw EditError.cannotWrite(path: folder, reason: "it cannot be made a folder")
    }
    let splitter = StemSplitter(
      song: song, names: names, masker: masker,
      texts: try names.map { try models.states(of: Prompts.mask($0)) }, folder: folder,
      overwrite: overwrite)
    return try splitter.split {
      try progress(EditProgress(fraction: $0, activity: "splitting into stems"))
    }
  }
}
