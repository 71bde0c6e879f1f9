using Lockstep.Core.Outcomes;

namespace Lockstep.Core.History;

/// <summary>A bucket's or collection's own choice about its history.</summary>
/// <param name="Refusal">Why the choice is not allowed; null where it is.</param>
/// <param name="Keeps">Whether history is to be kept; null where the data does not choose.</param>
public readonly record struct HistoryChoice(Refused? Refusal, bool? Keeps);
