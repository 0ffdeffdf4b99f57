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

    // Layer 1: tensors

    // Layer 2: signal, audio files, checkpoints, tokenizers

    // Layer 3: layers

    // Layer 4: model families' parts

    // Layer 5: editors

    // Layer 6: instructions, metrics

    // Layer 7: editing

    // Layer 9: command line

    // Tests
  ],
  cxxLanguageStandard: .cxx17
)
