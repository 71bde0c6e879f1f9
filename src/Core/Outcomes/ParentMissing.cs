using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The collection that the operation goes into is not there.</summary>
public sealed record ParentMissing(ObjectRef Parent) : Outcome;
