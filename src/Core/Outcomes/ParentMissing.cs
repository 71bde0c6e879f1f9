using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The parent of the operation's object does not exist: the collection, or the bucket itself.</summary>
public sealed record ParentMissing(ObjectRef Parent) : Outcome;
