/// A safetensors file, mapped: its directory is read and checked at once, its data when it is used.
public final class SafetensorsFile: Checkpoint {
  public let path: String
  public let header: SafetensorsHeader
  public let tensors: [String: CheckpointTensor]
  /// The tensors as they lie in the file, pairs of weight norms apart.
  let stored: [String: CheckpointTensor]

  /// - Throws: ``CheckpointError/unreadable(file:reason:)`` or
  ///   ``CheckpointError/malformed(file:problem:)``
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    self.path = path
    header = try SafetensorsHeader(file: file.bytes, name: path)
    stored = header.tensors.mapValues { place in
      CheckpointTensor(
        type: place.type, shape: place.shape,
        elements: StoredElements(file: file, bytes: place.bytes))
    }
    tensors = foldingWeightNorms(stored)
  }
}
