import Autoencoders
import Checkpoints
import Editors
import Foundation
import Layers
import Signal
import Tensors
import Vocoders

/// Times products, networks and phases: `swift run -c release NetworkBench [MUSIC_PACKAGE [PART]]`.
///
/// Prints the best of several runs: of one thread the processor's time, which other programs do not
/// disturb, of more the time on the wall. Without a package only the
/// products are timed.
@main
enum NetworkBench {
  static func main() throws {
    for threads in Set([1, ProcessInfo.processInfo.activeProcessorCount]).sorted() {
      Threads.set(threads)
      print("\(threads) thread(s)")
      let arguments = CommandLine.arguments.dropFirst()
      let only = arguments.dropFirst().first
      if only == nil { products() }
      if let folder = arguments.first {
        try networks(ModelPackage(folder: folder), only: only)
      }
    }
  }

  /// Seconds of the fastest of the runs that fit into about a second, at least three.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    var (best, total, runs) = (Double.infinity, 0.0, 0)
    while runs < 3 || (total < 1 && runs < 50) {
      let start = now()
      try body()
      let taken = now() - start
      (best, total, runs) = (min(best, taken), total + taken, runs + 1)
    }
    return best
  }

  private static func now() -> Double {
    var now = timespec()
    clock_gettime(Threads.count == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
  }

  /// GFLOP/s of `[m, k] x [k, n]` by OpenBLAS and by packed weights in both precisions.
  static func products() {
    for (m, n, k) in [
      (430, 1536, 384), (430, 384, 1536), (108, 2048, 512), (512, 2048, 512), (2048, 2048, 512),
    ] {
      var random = Philox(seed: 1)
      let (x, w) = (random.normals([m, k]), random.normals([n, k]))
      let work = 2e-9 * Double(m * n * k)
      let blas = work / seconds { _ = x.matmul(w, .transposed) }
      let packed = [Precision.fp32, .bf16].map { precision in
        let weight = PackedWeight(w, precision: precision)
        let input = weight.inputType == .bf16 ? x.asBFloat16() : x
        return work / seconds { _ = weight.product(input, output: weight.inputType) }
      }
      print(
        String(
          format: "  [%d x %d] x [%d x %d]: OpenBLAS %.0f, packed fp32 %.0f, bf16 %.0f GFLOP/s",
          m, k, k, n, blas, packed[0], packed[1]))
    }
  }

  /// - Parameter only: the one component to time; nil means all.
  static func networks(_ package: ModelPackage, only: String?) throws {
    var random = Philox(seed: 2)
    let words = random.normals([11, 12, 256])
    let mel = random.normals([1, 512, 128])
    func present(_ items: Int) -> KeyMask {
      KeyMask([[Bool]](repeating: [Bool](repeating: true, count: 12), count: items))
    }
    func wants(_ name: String) -> Bool { only == nil || only == name }
    if wants("mask") {
      let mask = try load("mask", package) { try MaskNet($0, config: $1) }
      let mixture = random.normals([1, 256, mask.config.bands, 3])
      report("mask, 256 frames, 11 stems") {
        let heard = mask.hear(mixture)
        _ = mask.masks(heard, mask.ask(heard, text: words, textMask: present(11)))
      }
    }
    if wants("editor") {
      let editor = try load("editor", package) { try StemEditor($0, config: $1) }
      let latents = random.normals([2, 128, editor.config.latent])
      let zeros = Tensor.zeros([2, 128, 1])
      let harmony =
        editor.config.harmony == 0 ? nil : Tensor.zeros([2, 128, editor.config.harmony])
      let prompt = editor.prompt(words[rows: 0..<2], mask: present(2))
      report("editor step, guided, 128 latents") {
        _ = editor.velocity(
          noisy: latents, t: [0.5, 0.5], heard: .init(mixture: latents, harmony: harmony),
          known: latents, knownMask: zeros, prompt: prompt)
      }
    }
    if wants("vae") {
      let vae = try load("vae", package) { try MelVAE($0, config: $1) }
      report("VAE encode, 512 frames") { _ = vae.encode(mel) }
      let code = random.normals([1, 128, vae.config.latent])
      report("VAE decode, 512 frames") { _ = vae.decode(code) }
    }
    if wants("vocoder") {
      let vocoder = try load("vocoder", package) { try Vocoder($0, config: $1) }
      report("vocoder, 512 frames") { _ = vocoder(mel) }
      let steps = vocoder(mel)[0].floats
      report("phases, 512 frames") {
        var integrator = PhaseIntegrator(binCount: vocoder.config.bins)
        _ = integrator.push(steps)
      }
    }
  }

  static func load<Network, Config: Decodable>(
    _ name: String, _ package: ModelPackage, _ make: (WeightScope, Config) throws -> Network
  ) throws -> Network {
    let config = try package.decode(Config.self, from: "config", name)
    func once() throws -> Network { try make(package.weights(of: name), config) }
    let taken = try seconds { _ = try once() }
    print(String(format: "  load %@: %.2f ms", name, taken * 1000))
    return try once()
  }

  static func report(_ what: String, _ body: () -> Void) {
    print(String(format: "  %@: %.2f ms", what, seconds(body) * 1000))
  }
}
