using Lockstep.Core.Outcomes;

namespace Lockstep.Core.History;

/// <summary>What a bucket or a collection says of its own history.</summary>
/// <param name="Refusal">Why it may not say that; null where it may.</param>
/// <param name="Keeps">Whether it is to be kept; null where nothing is said.</param>
public readonly record struct HistoryChoice(Invalid? Refusal, bool? Keeps);
