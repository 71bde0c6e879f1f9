using Lockstep.Core.Operations;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="RecordChange"/>.</summary>
[GenerateSerializer, Alias("lockstep.change"), Immutable]
public sealed class RecordChangeWire
{
    [Id(0)]
    public required string RecordId { get; init; }

    /// <summary>Null keeps what is there.</summary>
    [Id(1)]
    public byte[]? Body { get; init; }

    [Id(2)]
    public int? SortIndex { get; init; }

    /// <summary>Seconds.</summary>
    [Id(3)]
    public int? Lifetime { get; init; }

    internal static RecordChangeWire From(RecordChange change) => new()
    {
        RecordId = change.Id,
        Body = change.Body is { } body ? RecordWire.Bytes(body) : null,
        SortIndex = change.SortIndex,
        Lifetime = change.Lifetime,
    };

    internal RecordChange ToChange() => new(RecordId)
    {
        Body = Body is null ? default(ReadOnlyMemory<byte>?) : Body,
        SortIndex = SortIndex,
        Lifetime = Lifetime,
    };
}
