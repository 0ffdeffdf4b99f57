/// Why a batch does not run or stops: one line each that says what, where and what to do.
public enum BatchError: Error, Equatable, Sendable, CustomStringConvertible {
  /// All that is wrong with the list of jobs, a line each; nothing was run.
  case problems([String])
  /// The output folder holds a batch, and going on with it was not asked for.
  case exists(folder: String)
  /// There is no batch in the folder.
  case none(folder: String)
  /// Another process works on the folder.
  case locked(folder: String, owner: String)
  /// The job table or a file beside it cannot be used.
  case table(path: String, reason: String)
  /// The disk of the output folder is full; what was finished is kept.
  case diskFull(folder: String)
  /// A job needs more memory than all may have.
  case memory(allowed: Int, needed: Int, job: String)
  /// Slurm refused, or is not there.
  case slurm(what: String, hint: String)
  /// The batch was called off from outside.
  case cancelled(folder: String)

  public var description: String {
    switch self {
    case .problems(let lines):
      return lines.joined(separator: "\n")
    case .exists(let folder):
      return "\(folder): holds a batch already; go on with it by --resume or name another folder"
    case .none(let folder):
      return "\(folder): there is no batch in this folder"
    case .locked(let folder, let owner):
      return "\(folder): another batch works on this folder (\(owner)); "
        + "wait for it or stop it with: aedit batch cancel --out \(folder)"
    case .table(let path, let reason):
      return "\(path): the job table cannot be used (\(reason))"
    case .diskFull(let folder):
      return "\(folder): the disk is full; free some space and go on with --resume"
    case .memory(let allowed, let needed, let job):
      return "--memory \(Self.megabytes(allowed)): \(job) needs about \(Self.megabytes(needed))"
    case .slurm(let what, let hint):
      return "Slurm: \(what); \(hint)"
    case .cancelled(let folder):
      return "\(folder): cancelled; go on with --resume"
    }
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes >> 20)M" }

  /// Whether the request is at fault rather than the files or the machine.
  public var isUsage: Bool {
    switch self {
    case .problems, .exists, .none, .memory: true
    case .locked, .table, .diskFull, .slurm, .cancelled: false
    }
  }
}
