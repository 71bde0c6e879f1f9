using Lockstep.Core.Accounts;

namespace Lockstep.Import.ServerFull;

/// <summary>How an import is made.</summary>
public sealed record ImportOptions
{
    /// <summary>Which numbers of collections have the same name for everybody. Default: none.</summary>
    public CollectionNames Collections { get; init; }

    /// <summary>Bytes that each user who comes may store, 0 for no limit. Default: null, what the settings say.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>Rounds by which the digests of old hashes are hashed once more. Default: those of passwords.</summary>
    public int HashIterations { get; init; } = PasswordHash.DefaultIterations;
}
