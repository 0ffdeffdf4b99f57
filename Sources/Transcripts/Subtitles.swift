import Foundation

/// SRT and WebVTT: cues of text between two times.
struct Subtitles {
  let path: String

  /// The cues' words, each with its cue's time. Styles, notes, tags and `[sounds]` are left out.
  func words(_ text: String) throws -> [TranscriptWord] {
    var found: [TranscriptWord] = []
    var cue: (span: ClosedRange<Double>, lines: [Substring])?
    func end() {
      guard let cue else { return }
      found += TimeSpan.words(Self.plain(cue.lines.joined(separator: "\n")), in: cue.span)
    }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.contains("-->") {
        end()
        guard let span = Self.span(line) else {
          throw TranscriptError.malformed(
            path: path, line: index + 1, problem: "'\(line.prefix(60))' holds no two times")
        }
        cue = (span, [])
      } else if line.allSatisfy(\.isWhitespace) {
        end()
        cue = nil
      } else {
        cue?.lines.append(line)
      }
    }
    end()
    return found
  }

  private static func span(_ line: Substring) -> ClosedRange<Double>? {
    let sides = line.split(separator: "-->", omittingEmptySubsequences: false)
    guard sides.count == 2,
      let start = sides[0].split(separator: " ").first.flatMap(TimeSpan.clock),
      let end = sides[1].split(whereSeparator: \.isWhitespace).first.flatMap(TimeSpan.clock)
    else { return nil }
    return TimeSpan.checked(start, end)
  }

  /// Text without tags, positions and entities.
  private static func plain(_ text: String) -> String {
    text.replacing(/<[^<>]*>|\{[^{}]*\}/, with: "")
      .replacing("&nbsp;", with: " ").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&amp;", with: "&").replacing("♪", with: "")
  }
}
