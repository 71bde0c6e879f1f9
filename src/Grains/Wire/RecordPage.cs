using Lockstep.Core.Records;

namespace Lockstep.Grains.Wire;

/// <summary>Records that go into a connection's buffers as they are, without a copy in between; see <see cref="RecordPageCodec"/>.</summary>
[Immutable]
public sealed class RecordPage
{
    internal RecordPage(IReadOnlyList<StoredRecord> records) => Records = records;

    internal IReadOnlyList<StoredRecord> Records { get; }
}
