/// Every measure of a result against its reference, as `aedit metrics` reports them. A measure that
/// is not defined for the signals (silence, too short) is nil; infinite ratios are ±∞.
public struct Comparison: Sendable, Codable, Equatable {
  /// dB; see ``Distances/siSDR(_:reference:)``.
  public var siSDR: Double?
  /// dB over the unprocessed input; nil without one.
  public var siSDRImprovement: Double?
  /// dB.
  public var logSpectralDistance: Double?
  /// −1 … 1.
  public var logMelSSIM: Double?
  /// LUFS.
  public var outputLoudness: Double?
  public var referenceLoudness: Double?
  /// dBFS and dBTP of the output.
  public var samplePeak: Double?
  public var truePeak: Double?
  /// Cosine of beat-synchronous chroma, 0 … 1.
  public var chromaAgreement: Double?
  /// F1 of onsets within 50 ms, 0 … 1.
  public var onsetAgreement: Double?
  /// Share of sample instants at which the output differs from the input (without one: from the
  /// reference), 0 … 1.
  public var changedShare: Double

  /// - Parameters: signals `[channel][sample]` of one shape, at `sampleRate` Hz.
  public init(output: [[Float]], reference: [[Float]], input: [[Float]]? = nil, sampleRate: Int) {
    siSDR = Distances.siSDR(output, reference: reference)
    siSDRImprovement = input.flatMap {
      Distances.siSDRImprovement(output, input: $0, reference: reference)
    }
    logSpectralDistance = Distances.logSpectralDistance(output, reference: reference)
    logMelSSIM = MelSimilarity.logMelSSIM(output, reference: reference, sampleRate: sampleRate)
    outputLoudness = LoudnessMeter.integratedLUFS(output, sampleRate: sampleRate)
    referenceLoudness = LoudnessMeter.integratedLUFS(reference, sampleRate: sampleRate)
    samplePeak = Peaks.samplePeak(output)
    truePeak = Peaks.truePeak(output)
    let (a, b) = (mixDown(output), mixDown(reference))
    chromaAgreement = Harmony.beatChromaAgreement(a, b, sampleRate: sampleRate)
    onsetAgreement = Rhythm.onsetF1(
      Rhythm.onsets(a, sampleRate: sampleRate), Rhythm.onsets(b, sampleRate: sampleRate))
    changedShare = Distances.changedShare(output, input ?? reference)
  }
}
