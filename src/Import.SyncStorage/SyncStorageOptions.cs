namespace Lockstep.Import.SyncStorage;

/// <summary>How an import is made.</summary>
public sealed record SyncStorageOptions
{
    /// <summary>Who vouches for the users, as the settings here name it.</summary>
    public required string Issuer { get; init; }

    /// <summary>The node whose users come, by its URL. Default: null, which is allowed where there is only one.</summary>
    public string? Node { get; init; }

    /// <summary>Whether nothing is written. Default: no.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether a collection can be called so here.</summary>
    public required Func<string, bool> IsCollection { get; init; }

    /// <summary>Whether a record can have an id here.</summary>
    public required Func<string, bool> IsRecord { get; init; }
}
