using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The object is not there.</summary>
public sealed record Missing(ObjectRef Target) : Outcome;
