namespace Lockstep.Gateway.SyncStorage;

/// <summary>Checks names of collections and ids of records.</summary>
public static class SyncNames
{
    private const int MaxIdLength = 64;
    private const int MaxCollectionLength = 32;

    /// <summary>Up to 32 letters, digits, dots, dashes and underscores.</summary>
    public static bool IsCollection(string? name) => name is { Length: > 0 and <= MaxCollectionLength }
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>Up to 64 printable characters of ASCII, blanks among them.</summary>
    public static bool IsId(string? id) => id is { Length: > 0 and <= MaxIdLength } && id.All(static c => c is >= ' ' and <= '~');
}
