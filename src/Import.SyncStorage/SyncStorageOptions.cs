namespace Lockstep.Import.SyncStorage;

/// <summary>Options of an import.</summary>
public sealed record SyncStorageOptions
{
    /// <summary>The issuer of the users, as the settings here name it.</summary>
    public required string Issuer { get; init; }

    /// <summary>The URL of the node whose users are imported. Default: null, which is allowed if there is only one.</summary>
    public string? Node { get; init; }

    /// <summary>Whether nothing is written. Default: no.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether a collection can have a name here.</summary>
    public required Func<string, bool> IsCollection { get; init; }

    /// <summary>Whether a record can have an id here.</summary>
    public required Func<string, bool> IsRecord { get; init; }
}
