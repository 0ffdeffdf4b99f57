import AudioFiles
import Batch
import Editing
import Foundation
import Testing

@Suite struct RunTests {
  @Test func whatIsDoneIsNotDoneAgain() throws {
    let folder = try TestFolder()
    for name in ["a", "b", "c"] { try folder.song("songs/\(name).wav") }
    let models = TestModels()
    let first = try BatchRun(folder.request("songs"), models: models).run()
    #expect(first.total == 3 && first.done == 3 && first.failed == 0)
    let files = try folder.files("out")
    #expect(files.count == 6 && files.keys.allSatisfy { !$0.contains(".part.") })
    let before = models.maskersAsked
    let second = try BatchRun(folder.request("songs"), resumes: true, models: models).run()
    #expect(second.done == 0 && second.before == 3 && models.maskersAsked == before)
    // The list itself is in the table.
    var bare = folder.request()
    bare.instructions = []
    #expect(try BatchRun(bare, resumes: true, models: models).run().before == 3)
    #expect(throws: BatchError.exists(folder: folder.path("out"))) {
      try BatchRun(folder.request("songs"), models: models).run()
    }
    #expect(try folder.files("out") == files)
  }

  @Test func whatChangedIsDoneAgain() throws {
    let folder = try TestFolder()
    for name in ["a", "b", "c"] { try folder.song("songs/\(name).wav") }
    var request = folder.request("songs")
    request.name = "{stem}.wav"
    func rerun(_ models: TestModels = TestModels()) throws -> Int {
      try BatchRun(request, resumes: true, models: models).run().done
    }
    _ = try BatchRun(request, models: TestModels()).run()
    try folder.song("songs/b.wav", hz: 220)
    #expect(try rerun() == 1)
    // The same bytes with another time are the same input.
    try FileManager.default.setAttributes(
      [.modificationDate: Date()], ofItemAtPath: folder.path("songs/c.wav"))
    #expect(try rerun() == 0)
    request.instructions = ["remove the bass"]
    #expect(try rerun() == 3)
    request.options.strength = 0.5
    #expect(try rerun() == 3)
    #expect(try rerun(TestModels(hash: "2")) == 3)
    #expect(try rerun(TestModels(hash: "2")) == 0)
    try FileManager.default.removeItem(atPath: folder.path("out/a.wav"))
    try folder.write("scribble", to: "out/b.wav.aedit.json")
    #expect(try rerun(TestModels(hash: "2")) == 2)
    // A song more in the folder is a job more.
    try folder.song("songs/d.wav")
    #expect(try rerun(TestModels(hash: "2")) == 1)
  }

  @Test func aStemThatIsNotWantedAnyMoreGoes() throws {
    let folder = try TestFolder()
    for name in ["a", "b"] { try folder.song("songs/\(name).wav") }
    var request = folder.request("songs")
    request.keepsStems = true
    _ = try BatchRun(request, models: TestModels()).run()
    let stems = ["a", "b"].map { "\($0).remove-the-drums.stem.wav" }
    #expect(Set(stems).isSubset(of: try folder.files("out").keys))
    // One that somebody wrote to is nobody's to delete.
    try folder.write("mine now", to: "out/\(stems[1])")
    request.keepsStems = false
    #expect(try BatchRun(request, resumes: true, models: TestModels()).run().done == 2)
    let files = try folder.files("out")
    #expect(files.count == 5 && files[stems[0]] == nil)
    #expect(files[stems[1]] == Data("mine now".utf8))
  }

  @Test func whatMayPassIsTriedAgain() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    let busy = TestModels.Failures(error: .system(path: "a.wav", code: EBUSY), left: 1)
    let models = TestModels(failures: busy)
    let summary = try BatchRun(folder.request("a.wav"), retries: 1, models: models).run()
    #expect(summary.done == 1 && models.maskersAsked == 2)
  }

  @Test(arguments: [(EBUSY, 2), (EACCES, 1), (ENOMEM, 2)])
  func whatDoesNotPassFailsAlone(code: Int32, attempts: Int) throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    let failures = TestModels.Failures(error: .system(path: "a.wav", code: code), left: 99)
    let models = TestModels(failures: failures)
    let failed = try BatchRun(folder.request("a.wav"), retries: 1, models: models).run()
    #expect(failed.failed == 1 && failed.done == 0 && models.maskersAsked == attempts)
    #expect(try folder.files("out").isEmpty)
    // Once the cause is gone, going on does it.
    #expect(
      try BatchRun(folder.request("a.wav"), resumes: true, models: TestModels()).run().done == 1)
  }

  @Test func aFullDiskStopsAndLosesNothing() throws {
    let folder = try TestFolder()
    for index in 0..<6 { try folder.song("songs/\(index).wav") }
    let full = TestModels.Failures(error: .system(path: "out", code: ENOSPC), left: 1)
    #expect(throws: BatchError.diskFull(folder: folder.path("out"))) {
      try BatchRun(folder.request("songs"), retries: 5, models: TestModels(failures: full)).run()
    }
    let rest = try BatchRun(folder.request("songs"), resumes: true, models: TestModels()).run()
    #expect(rest.done + rest.before == 6 && rest.done >= 1 && rest.failed == 0)
  }

  @Test func theSecondOfTwoIsRefused() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    let failure = TestModels.Failures(error: .system(path: "a.wav", code: EBUSY), left: 99)
    let thread = Thread {
      _ = try? BatchRun(
        folder.request("a.wav"), retries: 2, models: TestModels(failures: failure)
      ).run()
    }
    thread.start()
    while (try? BatchStatus(folder: folder.path("out")))?.owner == nil { usleep(1000) }
    let error = #expect(throws: BatchError.self) {
      try BatchRun(folder.request("a.wav"), resumes: true, models: TestModels()).run()
    }
    guard case .locked? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try BatchStatus(folder: folder.path("out")).owner?.contains("\(getpid())") == true)
    while thread.isExecuting { usleep(10_000) }
    #expect(try BatchStatus(folder: folder.path("out")).jobs == ["failed": 1])
  }

  @Test func tooLittleMemoryIsToldBefore() throws {
    let folder = try TestFolder()
    try folder.song("a.wav")
    var settings = BatchSettings()
    settings.memory = 100 << 20
    let error = #expect(throws: BatchError.self) {
      try BatchRun(
        folder.request("a.wav"), settings: settings, resumes: false, editors: TestModels().editors
      ).run()
    }
    #expect(error?.isUsage == true)
  }

  @Test func theReportTellsAll() throws {
    let folder = try TestFolder()
    try folder.song("songs/<b>&'.wav")
    try folder.song("songs/z.wav")
    var request = folder.request("songs")
    request.keepsStems = true
    let broken = TestModels.Failures(error: .system(path: "z", code: EACCES), left: 1)
    _ = try BatchRun(request, models: TestModels(failures: broken)).run()
    let page = try String(contentsOfFile: folder.path("out/report.html"), encoding: .utf8)
    #expect(!page.contains("<b>&'") && page.contains("&lt;b&gt;&amp;&#39;"))
    #expect(page.contains("1 of 2 files done") && page.contains("1 failed"))
    #expect(page.components(separatedBy: "<audio").count == 4)
    #expect(page.contains("data:image/png;base64,") && !page.contains("http"))
    let failure = try #require(page.range(of: "class=\"failed\""))
    let success = try #require(page.range(of: "class=\"done\""))
    #expect(failure.lowerBound < success.lowerBound)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("out/report.json")))
    let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let jobs = try #require(report["jobs"] as? [[String: Any]])
    #expect(jobs.map { $0["state"] as? String } == ["failed", "done"])
    #expect(jobs[0]["problem"] as? String != nil)
    let files = try #require(jobs[1]["files"] as? [String: String])
    let names = Set(try folder.files("out").keys)
    #expect(Set(files.keys) == names)
    // Half of the sound is gone: 6 dB.
    let before = try #require(jobs[1]["loudnessBeforeLUFS"] as? Double)
    let after = try #require(jobs[1]["loudnessAfterLUFS"] as? Double)
    #expect(abs(before - after - 6.02) < 0.1)
  }
}
