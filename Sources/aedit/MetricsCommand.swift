import ArgumentParser
import AudioFiles
import Foundation
import Metrics

/// `aedit metrics OUT REF [--input SONG]`
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Measure a sound against a reference.")

  @Argument(help: "The sound to judge.")
  var output: String

  @Argument(help: "What it should be.")
  var reference: String

  @Option(help: ArgumentHelp("The song before the edit, for improvements.", valueName: "song"))
  var input: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let (info, first) = try load(output)
    let comparison = Comparison(
      output: first, reference: try load(reference, like: info),
      input: try input.map { try load($0, like: info) }, sampleRate: info.sampleRate)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      print(String(decoding: try encoder.encode(comparison), as: UTF8.self))
      return
    }
    let rows: [(String, Double?, String)] = [
      ("SI-SDR", comparison.siSDR, "dB"),
      ("SI-SDR improvement", comparison.siSDRImprovement, "dB"),
      ("log-spectral distance", comparison.logSpectralDistance, "dB"),
      ("log-mel SSIM", comparison.logMelSSIM, ""),
      ("loudness", comparison.outputLoudness, "LUFS"),
      ("loudness of the reference", comparison.referenceLoudness, "LUFS"),
      ("sample peak", comparison.samplePeak, "dBFS"),
      ("true peak", comparison.truePeak, "dBTP"),
      ("chroma agreement", comparison.chromaAgreement, ""),
      ("onset agreement", comparison.onsetAgreement, ""),
      ("changed samples", comparison.changedShare * 100, "%"),
    ]
    for (name, value, unit) in rows where name != "SI-SDR improvement" || input != nil {
      let number = value.map { $0.formatted(2) } ?? "-"
      let padding = String(repeating: " ", count: max(1, 36 - name.count - number.count))
      print("\(name)\(padding)\(number) \(unit)")
    }
  }

  private func load(_ path: String) throws -> (AudioInfo, [[Float]]) {
    let reader = try AudioReader(path: path)
    return (reader.info, try reader.readAll().channels)
  }

  private func load(_ path: String, like info: AudioInfo) throws -> [[Float]] {
    let (other, channels) = try load(path)
    guard other.sampleRate == info.sampleRate, other.channelCount == info.channelCount,
      other.frameCount == info.frameCount
    else {
      throw ValidationError(
        "\(path) has \(shape(other)), \(output) has \(shape(info)); only equal shapes compare")
    }
    return channels
  }

  private func shape(_ info: AudioInfo) -> String {
    "\(info.frameCount) frames of \(info.channelCount) channels at \(info.sampleRate) Hz"
  }
}
