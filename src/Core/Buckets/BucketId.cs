using System.Globalization;

namespace Lockstep.Core.Buckets;

/// <summary>The unit of ownership: one bucket, one owner, one clock.</summary>
/// <remarks>
/// The stored form begins with a letter for the name space: <c>u:</c> a user's default bucket, <c>b:</c> a named
/// bucket, <c>s:</c> a Sync user's storage, <c>w:</c> the storage of a Sync 1.1 user. Default buckets have their own name space, so that nobody can create another
/// user's default bucket by name. Any other letter is a name space of a newer program.
/// </remarks>
public readonly record struct BucketId
{
    private BucketId(string value) => Value = value;

    /// <summary>The stored form, including the prefix.</summary>
    public string Value { get; }

    /// <summary>The id as clients see it.</summary>
    public string Name => Value[2..];

    public BucketKind Kind => Value[0] switch
    {
        'u' or 'b' => BucketKind.Kinto,
        's' or 'w' => BucketKind.Sync,
        _ => BucketKind.Unknown,
    };

    /// <summary>What a bucket of its kind does.</summary>
    public BucketRules Rules => BucketRules.Of(Kind);

    public bool IsDefaultBucket => Value[0] == 'u';

    /// <summary>Whether the id was derived from one user's identity, so that the bucket is theirs.</summary>
    public bool IsOfOneUser => Value[0] is 'u' or 's' or 'w';

    public static BucketId DefaultBucket(string name) => new("u:" + name);

    public static BucketId Named(string name) => new("b:" + name);

    public static BucketId SyncStorage(string user) => new("s:" + user);

    /// <summary>
    /// A storage whose records are encrypted in the form used before Sync 1.5, under another key. It belongs to an account, and no user of
    /// <see cref="SyncStorage"/> has it, whatever their number.
    /// </summary>
    /// <param name="account">The number of the account.</param>
    public static BucketId OldSyncStorage(long account) => new(string.Create(CultureInfo.InvariantCulture, $"w:{account}"));

    /// <summary>The buckets that clients can see under a name, one of each name space.</summary>
    public static IReadOnlyList<BucketId> OfName(string name) => [DefaultBucket(name), Named(name), SyncStorage(name), new("w:" + name)];

    /// <exception cref="FormatException">The text has no name space.</exception>
    public static BucketId Parse(string stored)
    {
        if (stored.Length < 3 || stored[1] != ':' || !char.IsAsciiLetterLower(stored[0]))
        {
            throw new FormatException($"'{stored}' is not a stored bucket id.");
        }

        return new BucketId(stored);
    }

    public override string ToString() => Value;
}
