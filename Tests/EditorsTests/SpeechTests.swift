import Checkpoints
import Editors
import Foundation
import Layers
import Signal
import Tensors
import TestSupport
import Testing
import Transcripts

/// The speech models' networks against PyTorch (Tests/Fixtures/make_speech.py).
@Suite struct SpeechTests {
  let file: SafetensorsFile

  init() throws { file = try Fixtures.tensors("speech/speech.safetensors") }

  func load<Network>(
    _ name: String, _ precision: Precision, _ make: (WeightScope) throws -> Network
  ) throws -> Network {
    try Precision.$current.withValue(precision) {
      let w = file.scope() / name / "weights"
      let network = try make(w)
      try w.finish()
      return network
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.block), (.bf16, .bf16Model)])
  func perceiverLayers(_ precision: Precision, _ tolerance: Tolerance) throws {
    let alone = try load("perceiver.self", precision) {
      try PerceiverLayer($0, dim: 24, heads: 3, cross: false)
    }
    var x = try file.tensor("perceiver.self.x")
    alone(&x)
    try expectClose(x, file.tensor("perceiver.self.y"), tolerance, "self")
    let cross = try load("perceiver.cross", precision) {
      try PerceiverLayer($0, dim: 24, heads: 3, cross: true)
    }
    x = try file.tensor("perceiver.cross.x")
    cross(
      &x, inputs: try file.tensor("perceiver.cross.inputs"),
      mask: KeyMask(try file.flags("perceiver.cross.mask")))
    try expectClose(x, file.tensor("perceiver.cross.y"), tolerance, "cross")
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func painter(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try JSONDecoder().decode(
      SpeechPainterConfig.self,
      from: Data(
        """
        {"rate": 44100, "n_fft": 2048, "hop": 512, "bands": 12, "frames": 40, "dim": 24, "heads": 3,
         "latents": 10, "blocks": 2, "frequencies": 6, "phones": 9, "mel_mean": -5.0, "mel_std": 2.5}
        """.utf8))
    let network = try load("painter", precision) { try SpeechPainter($0, config: config) }
    let times = try file.tensor("painter.times")
    let phonemes = try file.tensor("painter.phones").floats.enumerated().map {
      TimedPhoneme(
        phoneme: Int($1), start: times[$0].floats[0], end: times[$0].floats[1])
    }
    // The window is the 40 frames from the tenth on.
    let whole = try file.tensor("painter.mel")
    let heard = try file.flags("painter.heard")[0]
    let mel = whole[rows: 10..<50]
    let gap = heard[10..<50].map(!)
    let guide = try file.tensor("painter.guide")
    let memory = SpeechMemory(
      mel: whole.floats, bands: 12, heard: heard, phonemes: phonemes, guide: guide.floats)
    let inside = phonemes.dropFirst().map {
      TimedPhoneme(phoneme: $0.phoneme, start: $0.start - 10, end: $0.end - 10)
    }
    let made = try network(
      mel, gap: gap, phonemes: inside, guide: guide[rows: 10..<50],
      queries: try file.tensor("painter.queries").floats.map { Int($0) }, memory: memory)
    try expectClose(made, file.tensor("painter.made"), tolerance, "painted")
    #expect(throws: LayerError.self) {
      _ = try network(
        mel, gap: gap, phonemes: [TimedPhoneme(phoneme: 9, start: 0, end: 40)],
        guide: guide[rows: 10..<50], queries: [15],
        memory: memory)
    }
  }

  private struct GuideCases: Decodable {
    struct Word: Decodable {
      let text: String
      let hz: Double
      let samples: Int
      let energy: Double
      let phonemes: [[Double]]
    }
    /// Frames in the synthesizer's words, and in the recording.
    let spans: [[[Double]]]
    let own: [[[Double]]]
    let words: [Word]
  }

  private func guideCases() throws -> GuideCases {
    try JSONDecoder().decode(
      GuideCases.self, from: Data(contentsOf: Fixtures.url("speech/guide.json")))
  }

  @Test func guideFrames() throws {
    let cases = try guideCases()
    let layout = MelLayout(
      sampleRateHz: 16000, stft: STFTLayout(fftSize: 512, hopSamples: 128), bands: 20,
      scale: .slaney, norm: .slaney, compression: .ln, floor: 1e-5)
    func samples(_ spans: [[Double]]) -> [ClosedRange<Double>] {
      spans.map { $0[0] * 128...$0[1] * 128 }
    }
    let noise = try file.tensor("guide.noise")
    let words = cases.own.indices.map {
      GuideWord(
        samples: noise[$0].floats, phonemes: samples(cases.spans[$0]), own: samples(cases.own[$0]))
    }
    let made = SpeechGuide(try MelSpectrogram(layout), layout: layout).frames(40, of: words)
    let expected = try file.tensor("guide.frames")
    try expectClose(
      try Tensor(made, shape: expected.shape), expected, Tolerance.model, "guide")
    #expect(made[..<(3 * 20)].allSatisfy { $0 == 0 })
  }

  /// libespeak-ng says a word a little differently by what it said before: some samples shorter or
  /// longer, with another noise.
  @Test func spokenWords() throws {
    let phonemizer = try Phonemizer()
    for word in try guideCases().words {
      let spoken = try phonemizer.spoken(word.text, hz: word.hz)
      #expect(
        abs(Double(spoken.samples.count - word.samples)) < 0.03 * Double(word.samples),
        "\(word.text)")
      let energy = spoken.samples.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(energy - word.energy) < 0.05 * word.energy, "\(word.text)")
      try #require(spoken.phonemes.count == word.phonemes.count, "\(word.text)")
      for (made, expected) in zip(spoken.phonemes, word.phonemes) {
        #expect(abs(made.lowerBound - expected[0]) < 0.01, "\(word.text)")
        #expect(abs(made.upperBound - expected[1]) < 0.01, "\(word.text)")
      }
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func tempo(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try JSONDecoder().decode(
      SpeechTempoConfig.self,
      from: Data(#"{"dim": 24, "hidden": 40, "blocks": 2, "phones": 9, "floor": 0.01}"#.utf8))
    let network = try load("tempo", precision) { try SpeechTempo($0, config: config) }
    let heard = try file.tensor("tempo.heard").floats
    let (known, clause) = (try file.flags("tempo.known")[0], try file.flags("tempo.clause")[0])
    let sounds = try file.tensor("tempo.classes").floats.enumerated().map {
      TimedSound(
        phoneme: Int($1), heardSeconds: Double(heard[$0]), isKnown: known[$0],
        endsClause: clause[$0])
    }
    let expected = try file.tensor("tempo.logs")
    let made = try network.seconds(of: sounds).map { Float(log($0 + 0.01)) }
    try expectClose(try Tensor(made, shape: expected.shape), expected, tolerance, "tempo")
    #expect(throws: LayerError.self) {
      _ = try network.seconds(of: [
        TimedSound(phoneme: 9, heardSeconds: 0, isKnown: false, endsClause: false)
      ])
    }
  }

  @Test(arguments: [(Precision.fp32, Tolerance.model), (.bf16, .bf16Model)])
  func aligner(_ precision: Precision, _ tolerance: Tolerance) throws {
    let config = try JSONDecoder().decode(
      AlignerConfig.self,
      from: Data(
        """
        {"rate": 16000, "n_fft": 512, "hop": 160, "bands": 12, "stride": 2, "dim": 24, "hidden": 40,
         "heads": 3, "blocks": 2, "phones": 9, "mel_mean": -5.0, "mel_std": 2.5}
        """.utf8))
    let network = try load("aligner", precision) { try AlignerNetwork($0, config: config) }
    try expectClose(
      network(try file.tensor("aligner.mel")), file.tensor("aligner.logits"), tolerance, "logits")
  }

  private struct Case: Decodable {
    let words: [[Int]]
    let unheard: [[Int]]
    let spans: [[[Int]]]
  }

  @Test func paths() throws {
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: Fixtures.url("speech/paths.json")))
    for (index, expected) in cases.enumerated() {
      let logits = try file.tensor("path.\(index).logits")
      let posteriors = PhonemePosteriors(classCount: logits.channels, logits: logits.floats)
      var path = PhonemePath(words: expected.words)
      path.unheard = expected.unheard.map { $0[0]..<$0[1] }
      let found = try #require(path.frames(in: posteriors))
      #expect(found.map { $0.map { [$0.lowerBound, $0.upperBound] } } == expected.spans)
    }
  }

  @Test func pathsOfTooManyPhonemesAreNone() {
    let posteriors = PhonemePosteriors(classCount: 3, logits: [Float](repeating: 0, count: 9))
    #expect(PhonemePath(words: [[1, 2, 1, 2]]).frames(in: posteriors) == nil)
    #expect(
      PhonemePath(words: [[1], [2, 1]]).frames(in: posteriors) == [[0..<1], [1..<2, 2..<3]])
  }

  /// What was not heard goes where what was heard leaves room, and windows hold words.
  @Test func unheardFramesAndWindows() throws {
    // Phonemes 1 and 3 are heard around ten frames of nothing.
    var logits = [Float](repeating: 0, count: 30 * 4)
    for frame in 0..<10 { logits[frame * 4 + 1] = 9 }
    for frame in 20..<30 { logits[frame * 4 + 3] = 9 }
    let posteriors = PhonemePosteriors(classCount: 4, logits: logits)
    var path = PhonemePath(words: [[1], [2], [3]])
    path.unheard = [10..<20]
    let found = try #require(path.frames(in: posteriors))
    #expect(found[0][0].upperBound <= 20 && found[0][0].lowerBound == 0)
    #expect(found[1][0].lowerBound >= 10 && found[1][0].upperBound <= 20)
    #expect(found[2][0].upperBound == 30)
    path.windows[1] = 15..<18
    #expect(try #require(path.frames(in: posteriors))[1][0].overlaps(15..<18))
  }
}
