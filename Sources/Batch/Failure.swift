import AudioFiles
import Editing
import Foundation

/// What a failure of a job means for it and for the batch.
enum Failure {
  /// It may pass: the job is tried again.
  case mayPass
  /// It will be the same next time.
  case lasting
  /// No job can go on.
  case diskFull

  init(_ error: any Error) {
    switch error {
    case is InputChanged: self = .mayPass
    case BatchError.diskFull: self = .diskFull
    case let error as AudioFileError: self = error.systemCode.map(Self.init(code:)) ?? .lasting
    case let error as EditError: self = error.systemCode.map(Self.init(code:)) ?? .lasting
    case let error as CocoaError where error.code == .fileWriteOutOfSpace: self = .diskFull
    default: self = .lasting
    }
  }

  private init(code: Int32) {
    switch code {
    case ENOSPC, EDQUOT: self = .diskFull
    // Busy, locked or open for writing; too little memory or too many open files just now; a server
    // that does not answer.
    case EBUSY, ETXTBSY, EAGAIN, EINTR, ENOMEM, EMFILE, ENFILE, ESTALE, ETIMEDOUT, EHOSTDOWN, EIO:
      self = .mayPass
    default: self = .lasting
    }
  }

  /// How long to wait before an attempt, seconds: 1, 2, 4 … up to a minute.
  static func pauseSeconds(beforeAttempt attempt: Int) -> Double {
    min(60, pow(2, Double(max(0, attempt - 2))))
  }
}

/// Somebody wrote to the input, or to its transcript, while it was edited.
struct InputChanged: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path): was changed while it was edited, or its transcript was" }
}
