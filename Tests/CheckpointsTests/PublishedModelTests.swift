import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct PublishedModelTests {
  private func make(_ folder: ScratchFolder, _ files: [String: String]) throws {
    for (name, text) in files {
      let url = URL(fileURLWithPath: folder.path + "/" + name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
  }

  @Test func recognisesDiffusersFolders() throws {
    let model = try PublishedModel(path: Fixtures.url("audioldm").path)
    #expect(model.kind == "AudioLDMPipeline" && model.licence == "unknown")
    let classes = model.components.map { "\($0.name): \($0.className)" }
    #expect(
      classes == [
        "scheduler: DDIMScheduler", "text_encoder: ClapTextModelWithProjection",
        "tokenizer: RobertaTokenizer", "unet: UNet2DConditionModel", "vae: AutoencoderKL",
        "vocoder: SpeechT5HifiGan",
      ])
    #expect(
      model.components[3].files == ["unet/diffusion_pytorch_model.safetensors", "unet/config.json"])
    #expect(model.components[2].weights == nil && model.components[2].files.count == 4)
  }

  @Test func recognisesTransformersFoldersAndLicences() throws {
    let folder = try ScratchFolder()
    try make(
      folder,
      [
        "config.json": #"{"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}"#,
        "pytorch_model.bin": "x", "spiece.model": "x",
        "README.md": "---\nlanguage: en\nlicense: apache-2.0\n---\nlicense: none\n",
      ])
    let model = try PublishedModel(path: folder.path)
    #expect(model.kind == "T5ForConditionalGeneration" && model.licence == "apache-2.0")
    #expect(
      model.components.map(\.files) == [["pytorch_model.bin", "config.json", "spiece.model"]])
  }

  @Test func recognisesAmphionExperiments() throws {
    let folder = try ScratchFolder()
    try make(
      folder,
      [
        "args.json": #"{"model": {"audioldm": {"in_channels": 4}, "autoencoderkl": {}}}"#,
        "checkpoints/step-0090000_loss-0.2.pt": "x", "checkpoints/step-0390000_loss-0.3.pt": "x",
        "checkpoints/log.txt": "x",
      ])
    let model = try PublishedModel(path: folder.path)
    #expect(model.kind == "Amphion AudioLDM")
    #expect(
      model.components.map(\.files) == [["args.json", "checkpoints/step-0390000_loss-0.3.pt"]])
  }

  @Test func recognisesFilesAndShards() throws {
    let index = Fixtures.url("torch/model.safetensors.index.json").path
    let model = try PublishedModel(path: index)
    #expect(
      model.kind == "weights"
        && model.components[0].files == [
          "model.safetensors.index.json", "model-00001-of-00002.safetensors",
          "model-00002-of-00002.safetensors",
        ])
    #expect(try model.components[0].checkpoint()?.tensors.count == 10)
  }

  @Test(arguments: [
    (["x": ""], "no model folder"),
    (["model_index.json": "{}"], "_class_name"),
    (["model_index.json": #"{"_class_name": "P"}"#], "no parts"),
    (["model_index.json": #"{"_class_name": "P", "vae": ["a", "B"]}"#], "'vae' is missing"),
    (["model_index.json": #"{"_class_name": "P", "../x": ["a", "B"]}"#], "no folder name"),
    (["config.json": "{}"], "architectures"),
    (["config.json": "["], "unexpected end"),
    (["args.json": "{}"], "Amphion"),
    (["args.json": #"{"model": {"audioldm": {}}}"#], "checkpoints"),
  ])
  func refusesOtherFolders(files: [String: String], words: String) throws {
    let folder = try ScratchFolder()
    try make(folder, files)
    let error = try #require(throws: CheckpointError.self) {
      try PublishedModel(path: folder.path)
    }
    #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
  }

  @Test func installsWithoutCopies() throws {
    let (folder, home) = (try ScratchFolder(), try ScratchFolder())
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let file = try folder.write(safetensors(header, dataBytes: 4), as: "net.safetensors")
    let manifest = try PublishedModel(path: file).manifest(namesFolder: true)
    let parent = home.path + "/models"
    func install(_ name: String, replacing: Bool = false) throws -> String {
      try PackageEntry.write(manifest, as: name, in: parent, replacing: replacing)
    }
    let entry = try install("net")
    let package = try ModelPackage(folder: entry)
    #expect(package.kind == "weights" && package.source == folder.path)
    try package.verify()
    #expect(try package.weights(of: "weights").tensor("a", [1]).count == 1)
    let store = try ModelStore(
      environment: ["XDG_DATA_HOME": "relative", "HOME": home.path], currentFolder: home.path,
      executable: nil)
    #expect(store.searched.contains(home.path + "/.local/share/aedit/models"))
    let installed = try ModelStore(
      environment: ["AEDIT_MODELS": parent], currentFolder: home.path, executable: nil)
    #expect(installed.packages.map(\.name) == ["net"])
    #expect(throws: CheckpointError.self) { try install("net") }
    #expect(throws: CheckpointError.self) { try install("../net") }
    _ = try install("net", replacing: true)
    _ = try Data("x".utf8).write(to: URL(fileURLWithPath: entry + "/mine.txt"))
    #expect(throws: CheckpointError.self) { try install("net", replacing: true) }
    let left = try FileManager.default.contentsOfDirectory(atPath: parent)
    #expect(left == ["net"])
    try FileManager.default.removeItem(atPath: file)
    let error = try #require(throws: CheckpointError.self) { try ModelPackage(folder: entry) }
    #expect("\(error)".contains("missing"))
  }

  @Test func aSurveyFindsAllThatIsWrong() throws {
    let file = try openCheckpoint(Fixtures.url("checkpoints/types.safetensors").path)
    let w = WeightScope(surveying: file)
    #expect(try (w / "block.0").tensor("weight", [3, 4]).shape == [3, 4])
    #expect(try (w / "block.0").tensor("gone", [2]).floats == [0, 0])
    // More than a file of this size can hold.
    #expect(throws: CheckpointError.self) { try w.tensor("huge", [1 << 40]) }
    #expect(throws: CheckpointError.self) { try w.tensor("huge", [1 << 40, 1 << 40]) }
    (w / "count").ignoreAll()
    (w / "edge").ignoreAll()
    let error = try #require(throws: CheckpointError.self) { try w.finish() }
    #expect(
      error
        == .mismatch(
          file: file.path, missing: ["block.0.gone"],
          unexpected: ["block.0.brain", "block.0.half"],
          misshapen: ["block.0.weight [3, 5] for [3, 4]"]))
    #expect("\(error)".contains("1 missing: 'block.0.gone'; 2 unexpected"), "\(error)")
  }
}
