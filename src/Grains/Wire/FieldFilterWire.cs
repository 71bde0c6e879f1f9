using Lockstep.Core.Lists;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="FieldFilter"/>.</summary>
[GenerateSerializer, Alias("lockstep.field-filter"), Immutable]
public sealed class FieldFilterWire
{
    [Id(0)]
    public required string Path { get; init; }

    [Id(1)]
    public FieldTest Test { get; init; }

    /// <summary>JSON.</summary>
    [Id(2)]
    public required string Value { get; init; }

    internal static FieldFilterWire From(FieldFilter filter) => new() { Path = filter.Path, Test = filter.Test, Value = filter.Value };

    internal FieldFilter ToFilter() => new(Path, Test, Value);
}
