import Foundation
import TestSupport
import Testing
import Tokenizers

private func fixture(_ name: String) -> String { Fixtures.url("tokenizers/" + name).path }

private func sentences() throws -> [String] {
  try JSONDecoder().decode(
    [String].self, from: Data(contentsOf: Fixtures.url("tokenizers/sentences.json")))
}

private func ids(_ name: String) throws -> [[Int]] {
  let text = try String(contentsOf: Fixtures.url("tokenizers/" + name), encoding: .utf8)
  return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    .map { $0.split(separator: " ").compactMap { Int($0) } }
}

@Suite struct TokenizerTests {
  @Test(arguments: [
    ("plain.spiece.model", "plain.spiece.ids.txt"),
    ("bytes.spiece.model", "bytes.spiece.ids.txt"),
    ("t5.tokenizer.json", "t5.tokenizer.ids.txt"),
    ("bytes.tokenizer.json", "bytes.tokenizer.ids.txt"),
  ])
  func givesTheIdsOfTheReferenceLibrary(file: String, expected: String) throws {
    let tokenizer = try Tokenizer(path: fixture(file))
    let sentences = try sentences()
    let wanted = try ids(expected)
    try #require(sentences.count == 2000 && wanted.count == 2000)
    var different = 0
    for (sentence, ids) in zip(sentences, wanted) {
      let got = tokenizer.encode(sentence)
      if got != ids {
        different += 1
        if different <= 5 { Issue.record("\(sentence.debugDescription): \(got), wanted \(ids)") }
      }
    }
    #expect(different == 0, "\(different) of \(sentences.count) sentences differ")
  }

  /// The folders of Tests/Fixtures/make_byte_pairs.py.
  @Test(arguments: ["roberta", "gpt2", "prefixed"])
  func givesTheBytePairsOfTheReferenceLibrary(name: String) throws {
    let folder = Fixtures.url("byte-pairs/" + name)
    let tokenizer = try Tokenizer(folder: folder.path)
    let hashes = try String(contentsOf: folder.appendingPathComponent("ids.fnv"), encoding: .utf8)
      .split(separator: "\n")
    let sentences = try sentences()
    try #require(sentences.count == 2000 && hashes.count == 2000)
    var different: [String] = []
    for (sentence, hash) in zip(sentences, hashes) {
      let text = tokenizer.encode(sentence).map(String.init).joined(separator: " ")
      let got = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      }
      if got != UInt64(hash, radix: 16) { different.append(sentence) }
    }
    #expect(different.isEmpty, "\(different.count) differ: \(different.prefix(5))")
  }

  @Test func addsTheEndOnlyWhenAsked() throws {
    for file in ["plain.spiece.model", "t5.tokenizer.json"] {
      let tokenizer = try Tokenizer(path: fixture(file))
      #expect(tokenizer.encode("") == [1])
      #expect(tokenizer.encode("", addsEnd: false) == [])
      #expect(tokenizer.encode("Add a guitar").last == 1)
      #expect(tokenizer.encode("Add a guitar", addsEnd: false).last != 1)
    }
    #expect(try Tokenizer(path: fixture("plain.spiece.model")).pieceCount == 1100)
    #expect(try Tokenizer(path: fixture("t5.tokenizer.json")).pieceCount == 1110)
  }

  /// A megabyte takes about a second; were it quadratic it would take hours.
  @Test(arguments: [
    "plain.spiece.model", "bytes.spiece.model", "t5.tokenizer.json", "bytes.tokenizer.json",
    "../byte-pairs/prefixed/tokenizer.json",
  ])
  func longTextTakesLinearTime(file: String) throws {
    let tokenizer = try Tokenizer(path: fixture(file))
    let texts = [
      "word": String(repeating: "trabishou", count: 110_000),
      "words": String(repeating: "add the guitar ", count: 66_000),
      "spaces": String(repeating: " ", count: 1_000_000) + "a",
      "marks": String(repeating: "\u{301}", count: 500_000),
      "tokens": String(repeating: "<fade> ", count: 140_000),
      "unknown": String(repeating: "\u{1F3B8}", count: 250_000),
    ]
    for (name, text) in texts {
      let time = ContinuousClock().measure { _ = tokenizer.encode(text) }
      #expect(time < .seconds(15), "\(name): \(time)")
    }
  }
}

@Suite struct HostileTokenizerTests {
  private func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: fixture(name))))
  }

  /// Reads the bytes and, should they be accepted, cuts a text with them.
  private func attempt(_ bytes: [UInt8]) {
    guard let tokenizer = try? Tokenizer(bytes: bytes, name: "x") else { return }
    for text in ["Add ﬁne ＡＢＣ\u{3000}½ 한글 44.1", "", "\u{301}\u{0}x"] {
      let ids = tokenizer.encode(text)
      #expect(ids.allSatisfy { $0 >= 0 })
    }
  }

  @Test(arguments: [
    "plain.spiece.model", "bytes.spiece.model", "bytes.tokenizer.json",
    "../byte-pairs/prefixed/tokenizer.json",
  ])
  func survivesCutAndChangedFiles(file: String) throws {
    let whole = try bytes(file)
    for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 150)) {
      attempt(Array(whole[..<count]))
    }
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<300 {
      var changed = whole
      for _ in 0..<1 + next(8) { changed[next(changed.count)] = UInt8(next(256)) }
      attempt(changed)
    }
  }

  @Test func refusesDamagedModelsInOneLine() throws {
    try refuses([], "no pieces")
    try refuses([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01], "bytes")
    try refuses([UInt8](repeating: 0xFF, count: 12), "64 bits")
    try refuses([0x0A, 0x02, 0x0A, 0x00], "a piece of 0 bytes")
    try refuses([0x0A, 0x03, 0x0A, 0x01, 0x61], "0 unknown pieces")
    try refuses([0x0B], "wire type")
    try refuses([UInt8](repeating: 0x5B, count: 100_000), "wire type")
  }

  @Test(arguments: [
    ("{", "JSON"),
    (#"{"a":\#(String(repeating: "[", count: 2000))"#, "JSON"),
    (#"{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}}"#, "unknown piece"),
    (#"{"model":{"type":"Unigram","vocab":[["",0]],"unk_id":0}}"#, "empty"),
    (#"{"model":{"type":"Unigram","vocab":[["a"]],"unk_id":0}}"#, "vocab"),
    (#"{"model":{"type":"Unigram"}}"#, "no 'vocab'"),
    (#"{"model":{"type":"WordPiece","vocab":{}}}"#, "WordPiece"),
    (#"{"model":{"type":"BPE","vocab":{},"merges":[]}}"#, "bytes"),
    (#"{"model":{"vocab":{"a":-1},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"}}"#, "id"),
    (
      #"{"model":{"vocab":{"a":1},"merges":["a b"]},"pre_tokenizer":{"type":"ByteLevel"}}"#, "'b'"
    ),
    (
      #"{"model":{"vocab":{"a":1},"merges":["a"]},"pre_tokenizer":{"type":"ByteLevel"}}"#, "JSON"
    ),
    (#"{"model":{"type":"BPE","vocab":{},"merges":[],"end_of_word_suffix":"</w>"}}"#, "suffix"),
    (#"{"model":{"vocab":[["a",0]],"unk_id":0},"normalizer":{"type":"NFC"}}"#, "NFC"),
    (
      #"{"model":{"vocab":[["a",0]],"unk_id":0},"#
        + #""normalizer":{"type":"Precompiled","precompiled_charsmap":"/////w=="}}"#, "rules"
    ),
  ])
  func refusesDamagedJSONInOneLine(text: String, words: String) throws {
    try refuses(Array(text.utf8), words)
  }

  private func refuses(_ bytes: [UInt8], _ words: String) throws {
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer(bytes: bytes, name: "some.model")
    }
    let line = "\(error)"
    #expect(line.contains(words) && line.contains("some.model") && !line.contains("\n"), "\(line)")
  }

  @Test func refusesWhatIsNoFile() {
    #expect(throws: TokenizerError.self) { try Tokenizer(path: "/nowhere/spiece.model") }
    #expect(throws: TokenizerError.self) { try Tokenizer(path: "/") }
    #expect(throws: TokenizerError.self) { try Tokenizer(folder: "/nowhere") }
  }
}
