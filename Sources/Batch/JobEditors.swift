import Editing

/// What does the jobs.
package struct JobEditors: Sendable {
  let songs: SongEditor
  let speech: SpeechEditor

  package init(songs: SongEditor, speech: SpeechEditor) {
    (self.songs, self.speech) = (songs, speech)
  }
}

/// The model packages that jobs use, all their files found to be what they should be.
struct JobModels: Sendable {
  private var ofKinds: [Operation.Kind: [LoadedModel]] = [:]

  /// - Throws: `CheckpointError` for packages that some of the jobs need; others need not be there.
  init(of jobs: some Sequence<Job>, _ editors: JobEditors) throws {
    for kind in Set(jobs.map(\.operation.kind)) {
      ofKinds[kind] =
        switch kind {
        case .edit: try editors.songs.verifiedModels()
        case .fill: try editors.speech.verifiedModels()
        }
    }
  }

  subscript(_ operation: Operation) -> [LoadedModel] { ofKinds[operation.kind] ?? [] }

  /// Each once.
  var all: [LoadedModel] {
    Operation.Kind.allCases.reduce(into: []) { all, kind in
      for model in ofKinds[kind] ?? [] where !all.contains(model) { all.append(model) }
    }
  }
}
