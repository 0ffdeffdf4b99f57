// swift-tools-version: 6.1
import PackageDescription

// Targets stand in the order of their layers; dependencies point downward only
// (`Tests/check-layers` compares this manifest with the table in docs/ARCHITECTURE.md).
let package = Package(
  name: "aedit",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // Layer 0: system libraries and C kernels
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-openmp-dev"])]),
    .target(name: "CKernels"),

    // Layer 1: tensors
    .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels"]),

    // Layer 2: signal, audio files, checkpoints, tokenizers

    // Layer 3: layers

    // Layer 4: model families' parts

    // Layer 5: editors

    // Layer 6: instructions, metrics

    // Layer 7: editing

    // Layer 9: command line

    // Tests
    .target(name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
  ],
  cxxLanguageStandard: .cxx17
)
