using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Validation;

/// <summary>The outcome of a judgement of data.</summary>
/// <param name="Refusal">Why the data may not be written; null where it may.</param>
/// <param name="Data">The data to write: the judged data, with the rule's additions if it makes any. The same memory where it adds nothing.</param>
public sealed record DataVerdict(Refused? Refusal, ReadOnlyMemory<byte> Data);
