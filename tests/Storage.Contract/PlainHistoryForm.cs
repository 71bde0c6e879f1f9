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

    public bool KeepsByDefault { get; init; } = true;

    public bool LetsChoose { get; init; } = true;

    /// <summary>By a member <c>keep</c>.</summary>
    public HistoryChoice Read(ReadOnlyMemory<byte> data) => new(
        null, data.Span.IndexOf("\"keep\":true"u8) >= 0 ? true : data.Span.IndexOf("\"keep\":false"u8) >= 0 ? false : null);

    public bool Keeps(BucketId bucket, ObjectRef target, string? user) => user is null || user != Excluded;

    public ReadOnlyMemory<byte> Write(HistoryChange change) =>
        Encoding.UTF8.GetBytes($$"""{"what":"{{change.Action}} {{change.Target.List.Role}} {{change.Target.List.Name}} {{change.Target.Id}} by {{change.User}}"}""");
}
