using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>Operations on records that have no owner, judged and read as an owner would.</summary>
internal static class InMemoryRecords
{
    /// <param name="operation">A read of a list.</param>
    /// <param name="records">All records of the list.</param>
    /// <param name="stamp">The list's stamp.</param>
    public static Outcome ReadList(Operation operation, IReadOnlyCollection<StoredRecord> records, ServerTimestamp stamp) =>
        Refusal(operation, exists: true, existing: null, stamp) ?? operation switch
        {
            ListRecords list => RecordSelection.Page(records, list.Query, stamp),
            CountRecords count => new CountFound(RecordSelection.Count(records, count.Query), stamp),
            _ => throw new InvalidOperationException($"{operation.GetType().Name} reads no list."),
        };

    /// <param name="operation">The operation with the precondition.</param>
    /// <param name="existing">The record; null if it does not exist.</param>
    /// <returns>The outcome if the precondition fails; otherwise null.</returns>
    public static Outcome? Refusal(Operation operation, StoredRecord? existing) =>
        Refusal(operation, existing is not null, existing, existing?.Modified ?? default);

    private static Outcome? Refusal(Operation operation, bool exists, StoredRecord? existing, ServerTimestamp stamp) =>
        operation.Precondition.Failed(exists, stamp) switch
        {
            PreconditionTest.None => null,
            PreconditionTest.NoneMatch or PreconditionTest.MustNotExist when !operation.IsWrite => new NotModified(stamp),
            _ => new PreconditionFailed(existing, stamp),
        };
}
