import Editing

func quieten() throws {
  let editor = try SongEditor()
  var options = EditOptions()
  options.region = try TimeRange("0:30-1:00")
  options.saveStem = "drums.wav"
  let report = try editor.edit(
    "song.wav", "remove the drums", to: "quiet.wav", options: options
  ) { print($0.activity, $0.fraction) }
  print(report.output, report.changedShare)
}
