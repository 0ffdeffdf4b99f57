import AudioFiles
import Editing
import Foundation
import Synchronization

/// A job that can be done, and where it was asked for.
struct PlannedJob: Codable, Equatable, Sendable {
  let job: Job
  /// "jobs.csv:7", or the input.
  let source: String
  /// What it takes of the memory beside the models, bytes.
  let memory: Int
  /// What an earlier run made of the job and this one does not: a stem that is not wanted any more.
  var obsolete: [StoredFile] = []
}

/// Makes jobs of a request and finds everything that is wrong with it, before anything runs.
struct JobPlanner {
  let editors: JobEditors
  let request: BatchRequest
  /// Outputs that an earlier run of this batch may have written.
  let known: Set<String>

  struct Plan: Equatable {
    var jobs: [PlannedJob] = []
    /// What the user should know, a line each.
    var notes: [String] = []
  }

  /// - Throws: ``BatchError/problems(_:)`` with all that is wrong.
  func plan() throws -> Plan {
    var problems: [String] = []
    let requests = requests(&problems)
    let infos = Self.infos(of: Set(requests.map(\.input)))
    var (plan, fixed) = (Plan(), 0)
    for request in requests {
      let planned = planned(
        request, infos[request.input] ?? .failure(AudioFileError.notFound(path: request.input)),
        &problems)
      if self.request.variations > 1, planned.count == 1 { fixed += 1 }
      plan.jobs += planned
    }
    collisions(plan.jobs, &problems)
    guard problems.isEmpty else {
      // They were found in several passes; whoever mends a list goes through its lines.
      throw BatchError.problems(
        problems.sorted { $0.compare($1, options: .numeric) == .orderedAscending })
    }
    if fixed > 0 {
      plan.notes.append(
        "chance takes no part in removing, extracting and continuing: one variation each of "
          + "\(fixed) outputs")
    }
    return plan
  }

  /// The jobs of an earlier run, checked anew.
  /// - Throws: ``BatchError/problems(_:)``
  func plan(again jobs: [Job]) throws -> Plan {
    let infos = Self.infos(of: Set(jobs.map(\.input)))
    var (plan, problems) = (Plan(), [String]())
    for job in jobs {
      do {
        guard let info = try infos[job.input]?.get() else { continue }
        try job.operation.check(info, editors)
        let memory = try job.operation.memory(info, editors)
        plan.jobs.append(PlannedJob(job: job, source: job.output, memory: memory))
      } catch { problems.append("\(job.output): \(error)") }
    }
    guard problems.isEmpty else { throw BatchError.problems(problems) }
    return plan
  }

  // MARK: - Requests

  private func requests(_ problems: inout [String]) -> [JobRequest] {
    let works = works(&problems)
    var requests: [JobRequest] = []
    for input in request.inputs {
      if JobList.isList(input) {
        requests += JobList.read(input, of: request, works: works, problems: &problems)
        continue
      }
      for file in InputFiles.find(input, excluding: request.out, problems: &problems) {
        if works.isEmpty { problems.append("\(file.path): \(JobRequest.nothingToDo)") }
        do {
          requests += try works.map {
            JobRequest(
              source: file.path, input: file, work: try $0.found(beside: file.path), of: request)
          }
        } catch { problems.append("\(file.path): \(error)") }
      }
    }
    return requests
  }

  /// What the command line says is to be done with every input; transcripts are still to be found.
  private func works(_ problems: inout [String]) -> [JobRequest.Work] {
    var works: [JobRequest.Work] = []
    if let recipe = request.recipe {
      let name = ((recipe as NSString).lastPathComponent as NSString).deletingPathExtension
      works.append(.edit(Self.recipe(recipe, &problems), slug: Slug.of(name)))
    }
    works += request.instructions.map { .edit([$0], slug: Slug.of($0)) }
    if let transcript = request.transcript { works.append(.fill(transcript: transcript)) }
    return works
  }

  /// The instructions of a recipe: one a line; blank lines and those that start with # say nothing.
  private static func recipe(_ path: String, _ problems: inout [String]) -> [String] {
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20 else {
      problems.append("\(path): no such recipe, or it is too large for one")
      return []
    }
    guard let text = String(data: data, encoding: .utf8) else {
      problems.append("\(path): is not UTF-8 text")
      return []
    }
    let lines = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    if lines.isEmpty { problems.append("\(path): there is no instruction in this recipe") }
    return lines
  }

  // MARK: - Jobs

  /// What the headers say, read side by side: a large folder takes its time.
  private static func infos(of inputs: Set<String>) -> [String: Result<AudioInfo, any Error>] {
    let paths = inputs.sorted()
    let infos = Mutex<[String: Result<AudioInfo, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      let info = Result { try AudioReader(path: paths[index]).info }
      infos.withLock { $0[paths[index]] = info }
    }
    return infos.withLock(\.self)
  }

  /// The jobs of one request: one for each variation.
  private func planned(
    _ asked: JobRequest, _ info: Result<AudioInfo, any Error>, _ problems: inout [String]
  ) -> [PlannedJob] {
    func problem(_ error: any Error) {
      let text = "\(error)"
      problems.append(text.hasPrefix(asked.source) ? text : "\(asked.source): \(text)")
    }
    // A missing or empty recipe is a problem that stands there already.
    if case .edit([], _) = asked.work { return [] }
    var jobs: [PlannedJob] = []
    do {
      let info = try info.get()
      let seed = asked.options.seed
      let operation = asked.operation(seed: seed)
      try operation.check(info, editors)
      let count = try operation.usesChance(editors) ? request.variations : 1
      for variation in 1...count {
        let job = try job(asked, seed: seed &+ UInt64(variation - 1), info, variation)
        _ = try OutputPlan(path: job.output, like: info)
        if let stem = job.stem,
          try OutputPlan(path: stem, like: info, encoding: .float(bits: 32)).encoding
            != .float(bits: 32)
        {
          throw JobProblem("save-stem '\(stem)': must be a .wav file")
        }
        let memory = try operation.memory(info, editors)
        jobs.append(PlannedJob(job: job, source: asked.source, memory: memory))
      }
    } catch { problem(error) }
    return jobs
  }

  private func job(
    _ asked: JobRequest, seed: UInt64, _ info: AudioInfo, _ variation: Int
  ) throws -> Job {
    let file = (asked.input as NSString).lastPathComponent as NSString
    let operation = asked.operation(seed: seed)
    let name = try OutputName.fill(
      "name", asked.output ?? request.template,
      [
        "stem": file.deletingPathExtension, "slug": asked.work.slug,
        "ext": SongEditor.outputExtension(for: asked.input, info), "seed": String(seed),
        "variation": String(variation),
      ])
    // A name that a list gives stands for itself; others keep the input's folders.
    let kept = asked.output == nil && !asked.folder.isEmpty ? asked.folder + "/" : ""
    let output = try OutputName.inside(kept + name)
    var stem = try asked.stem.map { try OutputName.inside($0) }
    if stem == nil, request.keepsStems, operation.makesStem {
      stem = (output as NSString).deletingPathExtension + ".stem.wav"
    }
    return Job(
      output: output, input: URL(fileURLWithPath: asked.input).standardizedFileURL.path, stem: stem,
      operation: operation)
  }

  // MARK: - Collisions

  /// Outputs that would meet each other, an input, or files that are none of ours.
  private func collisions(_ jobs: [PlannedJob], _ problems: inout [String]) {
    var owners: [String: String] = [:]
    for planned in jobs {
      for file in planned.job.files {
        if let other = owners[file] {
          problems.append(
            "\(planned.source): writes \(file), as \(other) does; give --name a template that "
              + "tells them apart, such as {stem}.{slug}.{seed}.{ext}, or an output column")
          break
        }
        owners[file] = planned.source
      }
    }
    let folder = BatchFolder(request.out)
    let inputs = Set(jobs.map { InputFiles.resolved($0.job.input) })
    for planned in jobs {
      for file in planned.job.files {
        let place = folder.place(of: file)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
        if let above = ancestors(of: file).first(where: { owners[$0] != nil }) {
          problems.append("\(planned.source): \(file) needs a folder where \(above) is written")
        } else if exists, isFolder.boolValue {
          problems.append("\(planned.source): \(place) is a folder")
        } else if exists, inputs.contains(InputFiles.resolved(place)) {
          problems.append("\(planned.source): \(place) would replace an input")
        } else if exists, !request.overwrite, !known.contains(file) {
          problems.append(
            "\(planned.source): \(place) exists already; use another --name or --out, or --force")
        }
      }
    }
  }

  private func ancestors(of file: String) -> [String] {
    let parts = file.split(separator: "/")
    return (1..<max(1, parts.count)).map { parts.prefix($0).joined(separator: "/") }
  }
}
