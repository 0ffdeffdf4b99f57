import Checkpoints
import Foundation

/// Instructions as parts of file names.
package enum Slug {
  private static let longest = 40

  /// Lower-case ASCII letters and digits with hyphens between the words. A long text is cut, and a
  /// few digits of its hash keep it from meeting another one.
  package static func of(_ text: String) -> String {
    let plain = text.lowercased().folding(options: .diacriticInsensitive, locale: nil)
    let words = plain.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let slug = words.joined(separator: "-")
    if slug.isEmpty { return String(ContentHash.of(text).prefix(8)) }
    guard slug.count > longest else { return slug }
    return slug.prefix(longest - 7) + "-" + ContentHash.of(text).prefix(6)
  }
}

/// How outputs are called: `{stem}.{slug}.{ext}`.
struct OutputName {
  /// Fills a template in.
  /// - Parameters:
  ///   - option: what the template is for, for messages.
  ///   - values: by their fields.
  /// - Throws: ``JobProblem`` for braces that name no field.
  static func fill(
    _ option: String, _ template: String, _ values: KeyValuePairs<String, String>
  ) throws -> String {
    var (out, rest) = ("", Substring(template))
    while let open = rest.firstIndex(of: "{") {
      out += rest[..<open]
      let inner = rest[rest.index(after: open)...]
      guard let close = inner.firstIndex(of: "}"),
        let field = values.first(where: { $0.key == inner[..<close] })
      else {
        let known = values.map { "{\($0.key)}" }.joined(separator: " ")
        throw JobProblem("\(option) '\(template)': its braces can be \(known)")
      }
      out += field.value
      rest = inner[inner.index(after: close)...]
    }
    return out + rest
  }

  /// A path inside of the output folder, cleaned of `.` and doubled slashes.
  /// - Throws: ``JobProblem`` when it would lead out of it, or has no use as a name.
  static func inside(_ path: String) throws -> String {
    guard !path.hasPrefix("/"), !path.contains("\0") else {
      throw JobProblem("output '\(path)': must be a name inside of the --out folder")
    }
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty, !parts.contains(".."), parts.first != Substring(BatchFolder.stateName),
      path.last != "/"
    else {
      throw JobProblem("output '\(path)': must be a name inside of the --out folder")
    }
    // Room for ".aedit.json" in the 255 bytes of a name.
    guard parts.allSatisfy({ $0.utf8.count <= 240 }) else {
      throw JobProblem("output '\(path)': a name of over 240 bytes; give a shorter --name")
    }
    return parts.joined(separator: "/")
  }
}
