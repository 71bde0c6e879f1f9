using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>Settings of the validation of data by JSON schemas.</summary>
public sealed record SchemaOptions
{
    /// <summary>
    /// Whether data is validated by the schemas of collections (<c>schema</c>) and buckets (<c>record:schema</c>, <c>group:schema</c>,
    /// <c>collection:schema</c>). Default: false; these are ordinary members then.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>Bytes of one schema. Default: 64 KiB.</summary>
    [Bounds(2)]
    public int MaxBytes { get; init; } = 64 << 10;

    /// <summary>
    /// Steps that one validation may take, one for each part of a schema, member, item or character that is read. Reading a schema may take ten times
    /// as many. 1,000,000 are some hundredths of a second, at worst a few tenths. Default: 1,000,000.
    /// </summary>
    [Bounds(1_000)]
    public long MaxSteps { get; init; } = 1_000_000;
}
