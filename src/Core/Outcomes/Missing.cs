using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The object does not exist.</summary>
public sealed record Missing(ObjectRef Target) : Outcome;
