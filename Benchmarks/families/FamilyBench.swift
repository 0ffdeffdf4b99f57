import Autoencoders
import Diffusion
import Editors
import Foundation
import Tensors
import Vocoders

/// Times the networks of a diffusers folder: `FamilyBench FOLDER THREADS PRECISION`, as
/// `Benchmarks/families/run` calls it beside PyTorch.
///
/// Prints a line of JSON: for each network the seconds of its fastest run; of one thread the
/// processor's time, which other programs do not disturb, of more the time on the wall.
@main
enum FamilyBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let threads = Int(arguments[2]),
      let precision = Precision(rawValue: arguments[3])
    else {
      print("usage: FamilyBench FOLDER THREADS PRECISION")
      return
    }
    Threads.set(threads)
    let folder = try DiffusersFolder(path: arguments[1])
    var random = Philox(seed: 1)
    let results = try Precision.$current.withValue(precision) {
      var results: [String: Double] = [:]
      let unet = try folder.load("unet") {
        try UNet2DConditionModel($0, config: UNet2DConditionConfig($1))
      }
      let latents = random.normals([2, 256, 16, unet.config.inputs])
      let text = random.normals([2, unet.config.classVector?.dim ?? 0])
      results["unet"] = seconds {
        _ = unet(latents, timesteps: [501, 501], classVector: text)
      }
      let vae = try folder.load("vae") { try AutoencoderKL($0, config: AutoencoderKLConfig($1)) }
      results["vae decode"] = seconds { _ = vae.decode(latents[rows: 0..<1]) }
      let vocoder = try folder.load("vocoder") {
        try HiFiGAN($0, config: HiFiGANConfig(speechT5: $1))
      }
      let mel = random.normals([1, 1024, vocoder.config.bands])
      results["vocoder"] = seconds { _ = vocoder(mel) }
      return results
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    print(String(decoding: try encoder.encode(results), as: UTF8.self))
  }

  private static func seconds(_ body: () -> Void) -> Double {
    (0..<2).map { _ in
      let start = now()
      body()
      return now() - start
    }.min() ?? 0
  }

  private static func now() -> Double {
    var now = timespec()
    clock_gettime(Threads.count == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
  }
}
