using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Validation;

/// <summary>What became of data that was judged.</summary>
/// <param name="Refusal">Why it may not be written; null where it may.</param>
/// <param name="Data">What is written: what was judged, or that with what the rule adds. The same memory where it adds nothing.</param>
public sealed record DataVerdict(Invalid? Refusal, ReadOnlyMemory<byte> Data);
