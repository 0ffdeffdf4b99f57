// swift-tools-version: 6.1
import PackageDescription

// Targets stand in the order of their layers; dependencies point downward only
// (`Tests/check-layers` compares this manifest with the table in docs/ARCHITECTURE.md).
let package = Package(
  name: "aedit",
  products: [
    .library(name: "AEdit", targets: ["Editing"]),
    .executable(name: "aedit", targets: ["aedit"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Layer 0: system libraries and C kernels
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-openmp-dev"])]),
    .target(name: "CKernels", exclude: ["kernels.inc", "vectors.inc"]),
    // oneDNN comes without a .pc file: `apt install libdnnl-dev`.
    .target(name: "CDNNL", linkerSettings: [.linkedLibrary("dnnl")]),
    .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
    .systemLibrary(
      name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CEspeak", pkgConfig: "espeak-ng", providers: [.apt(["libespeak-ng-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Layer 1: tensors
    .target(name: "Tensors", dependencies: ["COpenBLAS", "CDNNL", "CKernels"]),

    // Layer 2: signal, audio files, checkpoints, tokenizers
    .target(name: "Signal", dependencies: ["CFFTW", "Tensors"]),
    .target(name: "AudioFiles", dependencies: ["CSndFile", "CSoxr"]),
    .target(
      name: "Checkpoints",
      dependencies: ["COpenSSL", "Tensors"]),
    .target(name: "Tokenizers"),

    // Layer 3: layers, downloads
    .target(name: "Layers", dependencies: ["CKernels", "Checkpoints", "Tensors"]),
    .target(name: "Downloads", dependencies: ["CCurl", "Checkpoints"]),

    // Layer 4: model families' parts
    .target(name: "TextEncoders", dependencies: ["CKernels", "Checkpoints", "Layers", "Tensors"]),
    .target(name: "Autoencoders", dependencies: ["Checkpoints", "Layers", "Tensors"]),
    .target(name: "Diffusion", dependencies: ["Checkpoints", "Layers", "Tensors"]),
    .target(
      name: "Vocoders", dependencies: ["CKernels", "Checkpoints", "Layers", "Signal", "Tensors"]),

    // Layer 5: editors
    .target(
      name: "Editors",
      dependencies: [
        "Autoencoders", "Checkpoints", "Diffusion", "Layers", "Signal", "Tensors", "TextEncoders",
        "Tokenizers", "Vocoders",
      ]),

    // Layer 6: instructions, transcripts, metrics
    .target(
      name: "Instructions", dependencies: ["Checkpoints", "Tensors", "TextEncoders", "Tokenizers"]),
    .target(name: "Transcripts", dependencies: ["CEspeak", "Checkpoints"]),
    .target(name: "Metrics", dependencies: ["Signal"]),
    .target(name: "Pictures", dependencies: ["CZlib", "Signal"]),

    // Layer 7: editing
    .target(
      name: "Editing",
      dependencies: [
        "AudioFiles", "Autoencoders", "Checkpoints", "Diffusion", "Editors", "Instructions",
        "Metrics", "Signal", "Tensors", "TextEncoders", "Tokenizers", "Transcripts", "Vocoders",
      ]),

    // Layer 8: batches
    .target(
      name: "Batch",
      dependencies: [
        "AudioFiles", "COpenSSL", "Checkpoints", "Editing", "Instructions", "Metrics", "Pictures",
        "Tensors", "Transcripts", .product(name: "GRDB", package: "GRDB.swift"),
      ]),

    // Layer 9: command line
    .executableTarget(
      name: "aedit",
      dependencies: [
        "AudioFiles", "Batch", "Checkpoints", "Downloads", "Editing", "Instructions", "Metrics",
        "Pictures", "Transcripts",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Benchmarks
    .executableTarget(
      name: "NetworkBench",
      dependencies: ["Autoencoders", "Checkpoints", "Editors", "Layers", "Signal", "Vocoders"],
      path: "Benchmarks/networks"),
    .executableTarget(
      name: "FamilyBench",
      dependencies: ["Autoencoders", "Diffusion", "Editors", "Tensors", "Vocoders"],
      path: "Benchmarks/families", exclude: ["run"]),

    // Tests
    .target(
      name: "TestSupport", dependencies: ["Checkpoints", "Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "TensorsTests", dependencies: ["CKernels", "Tensors", "TestSupport"]),
    .testTarget(
      name: "SignalTests", dependencies: ["Checkpoints", "Signal", "Tensors", "TestSupport"]),
    .testTarget(name: "AudioFilesTests", dependencies: ["AudioFiles"]),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics", "TestSupport"]),
    .testTarget(name: "PicturesTests", dependencies: ["CZlib", "Pictures"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"]),
    .testTarget(
      name: "DownloadsTests", dependencies: ["Checkpoints", "Downloads", "TestSupport"]),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"]),
    .testTarget(name: "LayersTests", dependencies: ["Layers", "TestSupport"]),
    .testTarget(
      name: "InstructionsTests",
      dependencies: ["Checkpoints", "Instructions", "Tensors", "TestSupport"]),
    .testTarget(name: "TranscriptsTests", dependencies: ["TestSupport", "Transcripts"]),
    .testTarget(name: "EditingTests", dependencies: ["Editing"]),
    .testTarget(
      name: "BatchTests", dependencies: ["AudioFiles", "Batch", "Editing", "Transcripts"]),
    .testTarget(
      name: "aeditTests", dependencies: ["AudioFiles", "Checkpoints", "TestSupport", "aedit"]),
    .testTarget(name: "TextEncodersTests", dependencies: ["TestSupport", "TextEncoders"]),
    .testTarget(name: "AutoencodersTests", dependencies: ["Autoencoders", "TestSupport"]),
    .testTarget(name: "DiffusionTests", dependencies: ["Checkpoints", "Diffusion", "TestSupport"]),
    .testTarget(name: "VocodersTests", dependencies: ["TestSupport", "Vocoders"]),
    .testTarget(name: "EditorsTests", dependencies: ["Editors", "Transcripts", "TestSupport"]),
  ],
  cxxLanguageStandard: .cxx17
)
