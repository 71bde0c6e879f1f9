using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Records;

namespace Lockstep.Storage.Contract;

/// <summary>Entries that say in few words what was done.</summary>
public sealed class PlainHistoryForm : IHistoryForm
{
    /// <summary>Of whom nothing is kept.</summary>
    public string? Excluded { get; init; }

    public bool Keeps(BucketId bucket, ObjectRef target, string? user) => user is null || user != Excluded;

    public ReadOnlyMemory<byte> Write(HistoryChange change) =>
        Encoding.UTF8.GetBytes($$"""{"what":"{{change.Action}} {{change.Target.List.Role}} {{change.Target.List.Name}} {{change.Target.Id}} by {{change.User}}"}""");
}
