import Diffusion
import Layers
import Tensors

/// How the tokens of two texts belong together, for attention that one borrows from the other.
///
/// Source: prompt-to-prompt (2208.01626, section 3.2: word swap, adding a new phrase, attention
/// re-weighting). Tokens that both texts have lend their attention to each other, those of a replaced
/// stretch share that of what stood there, and new ones have their own.
struct TokenAlignment {
  /// What attends to a source token attends so much to a target token.
  let pairs: [(from: Int, to: Int, weight: Float)]
  /// Target tokens that have nothing to borrow from: 1, else 0.
  let own: [Float]

  init(_ source: [Int], _ target: [Int]) {
    let common = Self.common(source, target)
    var pairs: [(from: Int, to: Int, weight: Float)] = []
    var own = [Float](repeating: 0, count: target.count)
    var last = (from: 0, to: 0)
    for match in common + [(from: source.count, to: target.count)] {
      let (left, right) = (last.from..<match.from, last.to..<match.to)
      if left.count == right.count {
        pairs += zip(left, right).map { (from: $0, to: $1, weight: 1) }
      } else if left.isEmpty {
        for token in right { own[token] = 1 }
      } else {
        pairs += right.flatMap { token in
          left.map { (from: $0, to: token, weight: 1 / Float(right.count)) }
        }
      }
      if match.from < source.count {
        pairs.append((from: match.from, to: match.to, weight: 1))
      }
      last = (match.from + 1, match.to + 1)
    }
    (self.pairs, self.own) = (pairs, own)
  }

  /// A longest common subsequence.
  private static func common(_ a: [Int], _ b: [Int]) -> [(from: Int, to: Int)] {
    var lengths = [[Int]](
      repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in a.indices.reversed() {
      for j in b.indices.reversed() {
        lengths[i][j] =
          a[i] == b[j] ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
      }
    }
    var found: [(from: Int, to: Int)] = []
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        found.append((i, j))
        (i, j) = (i + 1, j + 1)
      } else if lengths[i + 1][j] >= lengths[i][j + 1] {
        i += 1
      } else {
        j += 1
      }
    }
    return found
  }
}

extension SoundChange {
  /// Share of the steps, the noisiest ones, in which attention is borrowed (the authors' default for
  /// word swaps).
  static let borrowedShare = 0.8
}

extension TextToAudioModel {
  /// Where a word's tokens stand in a text; empty if it is not there.
  public func wordPlaces(_ word: String, in text: String) -> [Int] {
    let (tokens, own) = (wordTokens(text), Array(wordTokens(word).dropLast()))
    guard !own.isEmpty, tokens.count >= own.count else { return [] }
    let start = (0...tokens.count - own.count).first { tokens[$0...].starts(with: own) }
    return start.map { Array($0..<$0 + own.count) } ?? []
  }

  /// Changes latents by what differs between two texts: DDIM finds the noise of the sound, and on the
  /// way back the target's tokens get the attention that the source's had along that path.
  func rewritten(
    _ latents: Tensor, _ condition: TextCondition, _ change: SoundChange,
    onStep: (Int, Int) throws -> Void
  ) throws -> Tensor {
    guard let context = wordContext else { preconditionFailure("a model that attends to words") }
    var ddim = try schedule.ddim(steps: change.settings.steps)
    let count = ddim.times.count
    let first = firstStep(change.strength, of: count)
    let path = try noisePath(of: latents, by: ddim, from: first, change, onStep: onStep)
    let source = try self.condition(change.source, negative: nil)
    var both = source.joined(with: condition)
    let (plain, control) = (both, control(of: change))
    let borrowing = Int((SoundChange.borrowedShare * Double(count - first)).rounded(.up))
    var x = path[0]
    for index in first..<count {
      try onStep(count + index - 2 * first, 2 * (count - first))
      both.contexts[context].control = index - first < borrowing ? control : nil
      let items = [path[index - first]] + [Tensor](repeating: x, count: plain.count - 1)
      let answers = try denoise(
        Tensor.stack(items.map { $0[0] }), at: ddim.times[index], both)
      let own = answers[rows: 1..<plain.count]
      let output =
        condition.count == 1 ? own : guided(own, weight: change.settings.guidance)
      x = ddim.step(x, output, at: index) { .zeros(x.shape) }
    }
    try onStep(count - first, count - first)
    return x
  }

  private func control(of change: SoundChange) -> AttentionControl {
    let alignment = TokenAlignment(wordTokens(change.source), wordTokens(change.text))
    var factors = [Float](repeating: 1, count: alignment.own.count)
    for (word, factor) in change.emphasis {
      for place in wordPlaces(word, in: change.text) { factors[place] *= factor }
    }
    return AttentionControl(
      source: 0, target: 1,
      borrowed: alignment.pairs.map { ($0.from, $0.to, $0.weight * factors[$0.to]) },
      own: zip(alignment.own, factors).map { $0 * $1 })
  }
}

extension TextCondition {
  /// Both conditions' texts in one, filled up to the longer context.
  func joined(with other: TextCondition) -> TextCondition {
    var joined = TextCondition(count: count + other.count)
    joined.contexts = zip(contexts, other.contexts).map { $0.joined(with: $1) }
    return joined
  }
}

extension UNetContext {
  fileprivate func joined(with other: UNetContext) -> UNetContext {
    let length = max(states.shape[1], other.states.shape[1])
    let isMasked = mask != nil || other.mask != nil || states.shape[1] != other.states.shape[1]
    func items(_ context: UNetContext) -> [Tensor] {
      let missing = (length - context.states.shape[1]) * context.states.channels
      return (0..<context.states.shape[0]).map { item in
        Tensor(vector: context.states[item].floats + [Float](repeating: 0, count: missing))
          .reshaped([length, context.states.channels])
      }
    }
    func present(_ context: UNetContext) -> [[Bool]] {
      let (count, own) = (context.states.shape[0], context.states.shape[1])
      let rows =
        context.mask?.present ?? .init(repeating: .init(repeating: true, count: own), count: count)
      return rows.map { $0 + [Bool](repeating: false, count: length - own) }
    }
    return UNetContext(
      Tensor.stack(items(self) + items(other)),
      mask: isMasked ? KeyMask(present(self) + present(other)) : nil)
  }
}
