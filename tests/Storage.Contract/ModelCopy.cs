using Lockstep.Core.Records;

namespace Lockstep.Storage.Contract;

/// <summary>What a device has of a collection.</summary>
internal sealed class ModelCopy
{
    private readonly Dictionary<string, string> records = new(StringComparer.Ordinal);

    public long ETag { get; private set; }

    public IReadOnlyCollection<string> Records => records.Values;

    public void Clear()
    {
        records.Clear();
        ETag = 0;
    }

    public void Apply(IEnumerable<StoredRecord> changes, long etag)
    {
        foreach (var change in changes)
        {
            if (change.IsTombstone)
            {
                records.Remove(change.Id);
            }
            else
            {
                records[change.Id] = OutcomeText.Of(change);
            }
        }

        ETag = etag;
    }
}
