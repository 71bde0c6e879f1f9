using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>What the operation goes into is not there: the collection, or the bucket itself.</summary>
public sealed record ParentMissing(ObjectRef Parent) : Outcome;
