using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Storage;

namespace Lockstep.Interchange;

/// <summary>Turns principals as they are stored into those of the format, which names accounts without their numbers and default buckets by their users.</summary>
internal sealed class PortablePrincipals(InterchangeStores stores)
{
    private const int Remembered = 10_000;

    private readonly Dictionary<string, long?> numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> buckets = new(StringComparer.Ordinal);

    /// <returns>Null for an account that is not there any more, whatever has its name now.</returns>
    public async ValueTask<string?> OfAsync(string stored, CancellationToken cancellationToken)
    {
        if (PrincipalText.IsAccount(stored))
        {
            var name = PrincipalText.Public(stored);
            return await NumberOfAsync(name, cancellationToken) is { } number && PrincipalText.OfAccount(name, number) == stored ? name : null;
        }

        if (PrincipalText.TryReadGroup(stored, out var bucket, out _) && Guid.TryParseExact(bucket, "D", out _))
        {
            return stored.Replace($"/{bucket}/", $"/{await NameOfAsync(bucket, cancellationToken)}/", StringComparison.Ordinal);
        }

        return stored;
    }

    /// <summary>The author of a bucket, as clients write it; null for an account that is not there any more.</summary>
    public async ValueTask<string?> AuthorOfAsync(BucketHeads heads, CancellationToken cancellationToken) =>
        heads.Author is { } author && PrincipalText.IsAccount(author) && heads.AuthorNumber is { } number && await NumberOfAsync(author, cancellationToken) != number ? null : heads.Author;

    /// <summary>The subject of a quota, with a default bucket by its user.</summary>
    public async ValueTask<string> OfQuotaAsync(string subject, CancellationToken cancellationToken)
    {
        var parts = subject.Split('/');
        return parts is ["", "buckets", ['u', ':', .. var id], ..] && await NameOfAsync(id, cancellationToken) is var name && name != id
            ? string.Join('/', (string[])[.. parts[..2], name, .. parts[3..]])
            : subject;
    }

    private async ValueTask<long?> NumberOfAsync(string principal, CancellationToken cancellationToken)
    {
        var name = principal[(principal.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (!numbers.TryGetValue(name, out var number))
        {
            var found = await stores.Accounts.FindNumbersAsync([name], cancellationToken);
            number = found.TryGetValue(name, out var known) ? known : null;
            Remember(numbers, name, number);
        }

        return number;
    }

    /// <returns>The id itself where it is that of no user's default bucket.</returns>
    private async ValueTask<string> NameOfAsync(string id, CancellationToken cancellationToken)
    {
        if (!buckets.TryGetValue(id, out var name))
        {
            var heads = await stores.Buckets.LoadAsync(BucketId.DefaultBucket(id), claim: false, cancellationToken);
            name = heads is { Exists: true, Author: { } author } && stores.DefaultBucketOf(author, heads.AuthorNumber ?? 0) == id
                ? ExportFormat.DefaultBucket + Uri.EscapeDataString(author)
                : id;
            Remember(buckets, id, name);
        }

        return name;
    }

    private static void Remember<T>(Dictionary<string, T> known, string key, T value)
    {
        if (known.Count >= Remembered)
        {
            known.Clear();
        }

        known[key] = value;
    }
}
