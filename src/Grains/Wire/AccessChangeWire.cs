using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Permissions;

namespace Lockstep.Grains.Wire;

/// <summary>An <see cref="AccessChange"/>: one entry an edit in each array.</summary>
[GenerateSerializer, Alias("lockstep.access-change"), Immutable]
public sealed class AccessChangeWire
{
    [Id(0)]
    public required AccessEditKind[] Kinds { get; init; }

    [Id(1)]
    public required Right[] Rights { get; init; }

    [Id(2)]
    public required string[][] Principals { get; init; }

    [Id(3)]
    public required string[] Accounts { get; init; }

    [return: NotNullIfNotNull(nameof(change))]
    internal static AccessChangeWire? From(AccessChange? change) => change is null ? null : new()
    {
        Kinds = [.. change.Edits.Select(static edit => edit.Kind)],
        Rights = [.. change.Edits.Select(static edit => edit.Right)],
        Principals = [.. change.Edits.Select(static edit => edit.Principals.ToArray())],
        Accounts = [.. change.Accounts],
    };

    internal AccessChange ToChange() => new([.. Kinds.Select((kind, i) => new AccessEdit(kind, Rights[i], Principals[i]))]) { Accounts = Accounts };
}
