import Foundation

/// Slurm's own programs.
enum SlurmCommands {
  /// What a program printed.
  struct Output {
    let status: Int32
    let text: String
    let errors: String
  }

  /// - Throws: ``BatchError/slurm(what:hint:)`` when the program is not there.
  static func run(_ name: String, _ arguments: [String]) throws -> Output {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch {
      throw BatchError.slurm(what: "\(name) does not start", hint: "is Slurm installed here?")
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 127 else {
      throw BatchError.slurm(
        what: "there is no program \(name)", hint: "run this where Slurm's programs are installed")
    }
    return Output(
      status: process.terminationStatus, text: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaint, as: UTF8.self))
  }

  /// Submits a script.
  /// - Returns: the array's number.
  static func submit(_ arguments: [String]) throws -> String {
    let output = try run("sbatch", ["--parsable"] + arguments)
    let number = output.text.split { $0 == ";" || $0.isNewline }.first.map(String.init) ?? ""
    guard output.status == 0, !number.isEmpty, number.allSatisfy(\.isNumber) else {
      throw BatchError.slurm(
        what: "the array was refused: \(firstLine(output.errors))",
        hint: "partition, account and time limit can be set by SBATCH_… variables")
    }
    return number
  }

  /// Tasks of an array that have not ended, as "STATE (reason)".
  /// - Returns: nil when Slurm does not answer now.
  static func tasks(of number: String) throws -> [String]? {
    let output = try run("squeue", ["-h", "-r", "-j", number, "-o", "%T (%r)"])
    if output.status == 0 { return output.text.split(separator: "\n").map(String.init) }
    // Jobs are forgotten some minutes after their end.
    return output.errors.contains("Invalid job id") ? [] : nil
  }

  /// The number of an array by its name, if it has not ended.
  static func number(named name: String) throws -> String? {
    let output = try run("squeue", ["-h", "-n", name, "-o", "%F"])
    guard output.status == 0 else {
      throw BatchError.slurm(what: firstLine(output.errors), hint: "try again later")
    }
    return output.text.split(separator: "\n").first.map(String.init)
  }

  static func cancel(_ number: String) throws {
    let output = try run("scancel", [number])
    guard output.status == 0 || output.errors.contains("Invalid job id") else {
      throw BatchError.slurm(what: firstLine(output.errors), hint: "try again later")
    }
  }

  private static func firstLine(_ text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? "no reason given"
  }
}
