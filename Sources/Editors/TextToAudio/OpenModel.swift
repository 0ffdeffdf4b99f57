import Checkpoints

/// Opens the text-to-audio model of a diffusers folder.
///
/// - Throws: `CheckpointError` for a folder that is none, or of a pipeline that is not known, and
///   what its parts find wrong.
public func openTextToAudioModel(_ path: String) throws -> any TextToAudioModel {
  let folder = try DiffusersFolder(path: path)
  switch folder.pipeline {
  case "AudioLDM2Pipeline": return try AudioLDM2(folder)
  case let name where AudioLDM.pipelines.contains(name): return try AudioLDM(folder)
  default:
    let known = AudioLDM.pipelines + ["AudioLDM2Pipeline"]
    throw CheckpointError.package(
      folder: path, problem: "its model is a '\(folder.pipeline.prefix(80))'",
      hint: "known are \(known.joined(separator: ", "))")
  }
}
