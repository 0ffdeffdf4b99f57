import Instructions

/// Puts the musical parts of a plan into the names that the installed models know.
struct KnownParts {
  let models: any EditingModels

  /// What says of a whole that this part of it is meant.
  private static let words = ["distorted guitar": "distorted"]

  /// A part that the models do not know becomes the narrowest one that contains it, and a note says so.
  /// What none contains stays, for the check of the plan to refuse.
  /// - Throws: `CheckpointError`
  func plan(_ asked: EditPlan) throws -> EditPlan {
    var plan = EditPlan(steps: [], notes: asked.notes)
    for step in asked.steps {
      let known = try self.step(step, &plan.notes)
      // Two parts of a whole are removed at once.
      if known.operation == .add || plan.steps.last?.asksTheSame(as: known) != true {
        plan.steps.append(known)
      }
    }
    return plan
  }

  private func step(_ asked: PlanStep, _ notes: inout [String]) throws -> PlanStep {
    guard asked.operation.namesPart else { return asked }
    var step = asked
    var names: [String] = []
    for part in [asked.target] + asked.also {
      let name = try name(of: part, isAdded: asked.operation.adds, &notes)
      if !names.contains(name) { names.append(name) }
    }
    (step.target, step.also) = (names[0], Array(names.dropFirst()))
    step.following = try asked.following.map { try name(of: $0, isAdded: false, &notes) }
    if step.operation == .add, step.target != asked.target, let word = Self.words[asked.target],
      !step.attributes.contains(word)
    {
      step.attributes.append(word)
    }
    return step
  }

  private func name(
    of part: String, isAdded: Bool, _ notes: inout [String]
  ) throws -> String {
    let wholes = SongParts.wholes(of: part)
    // Models are asked only where it matters: cleaning a recording needs no music model.
    guard !wholes.isEmpty else { return part }
    let known = try isAdded ? models.madeTargets() : models.targets()
    guard !known.contains(part), let whole = wholes.first(where: known.contains) else {
      return part
    }
    let note =
      isAdded
      ? "the installed models cannot add \(part): \(whole) is added instead"
      : "the installed models do not know the \(part): the \(whole), which contains it, is taken"
    if !notes.contains(note) { notes.append(note) }
    return whole
  }
}
