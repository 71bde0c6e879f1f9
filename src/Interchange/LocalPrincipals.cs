using System.Collections.Concurrent;
using Lockstep.Core.Assignments;
using Lockstep.Core.Permissions;

namespace Lockstep.Interchange;

/// <summary>
/// Turns principals of the format into those of this server. An account is only somebody who comes with the same file: who has the name here otherwise may be another person. Safe for concurrent use.
/// </summary>
internal sealed class LocalPrincipals(InterchangeStores stores) : IDisposable
{
    private const int Remembered = 100_000;

    // Of the store's few connections some are left to others.
    private const int AskedAtOnce = 2;

    private readonly ConcurrentDictionary<string, long?> numbers = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim asking = new(AskedAtOnce);
    private long dropped;

    /// <summary>Rights, memberships and authors that were left out, since their accounts did not come along.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <returns>Null for an account that does not come along.</returns>
    public async ValueTask<string?> OfAsync(string portable, CancellationToken cancellationToken)
    {
        if (PrincipalText.IsAccount(portable))
        {
            if (await NumberOfAsync(portable, cancellationToken) is { } number)
            {
                return PrincipalText.OfAccount(portable, number);
            }

            Interlocked.Increment(ref dropped);
            return null;
        }

        if (PrincipalText.TryReadGroup(portable, out var bucket, out _) && bucket.StartsWith(ExportFormat.DefaultBucket, StringComparison.Ordinal))
        {
            if (await DefaultBucketOfAsync(bucket, cancellationToken) is { } id)
            {
                return portable.Replace($"/{bucket}/", $"/{id}/", StringComparison.Ordinal);
            }

            Interlocked.Increment(ref dropped);
            return null;
        }

        return portable;
    }

    /// <summary>The number of an account that comes along; null for another one.</summary>
    /// <param name="principal">As clients write it: <c>account:alice</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<long?> NumberOfAsync(string principal, CancellationToken cancellationToken)
    {
        var name = principal[(principal.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (numbers.TryGetValue(name, out var number))
        {
            return number;
        }

        var found = await AskAsync(() => stores.Transfer.FindHeldAsync([name], cancellationToken), cancellationToken);
        number = found.TryGetValue(name, out var known) ? known : null;
        Remember(name, number);
        return number;
    }

    /// <summary>The number of the Sync storage of a user who comes along; null for another one.</summary>
    public ValueTask<long?> StoreOfAsync(UserIdentity user, CancellationToken cancellationToken) =>
        AskAsync(() => stores.Transfer.FindHeldAsync(user, cancellationToken), cancellationToken);

    /// <summary>Saves a look for an account's number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="number">Null where it does not come along.</param>
    public void Remember(string name, long? number)
    {
        if (numbers.Count >= Remembered)
        {
            numbers.Clear();
        }

        numbers[name] = number;
    }

    public void Dispose() => asking.Dispose();

    /// <summary>The id of a default bucket here.</summary>
    /// <param name="name">As the format names it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null for that of an account that does not come along.</returns>
    public async ValueTask<string?> DefaultBucketOfAsync(string name, CancellationToken cancellationToken)
    {
        var principal = Uri.UnescapeDataString(name[ExportFormat.DefaultBucket.Length..]);
        if (!PrincipalText.IsAccount(principal))
        {
            return stores.DefaultBucketOf(principal, 0);
        }

        return await NumberOfAsync(principal, cancellationToken) is { } number ? stores.DefaultBucketOf(principal, number) : null;
    }

    /// <summary>The subject of a quota here; null for a default bucket of an account that does not come along.</summary>
    public async ValueTask<string?> OfQuotaAsync(string subject, CancellationToken cancellationToken)
    {
        var parts = subject.Split('/');
        if (parts is ["", "users", var user] && PrincipalText.IsAccount(user) && await NumberOfAsync(user, cancellationToken) is null)
        {
            // Of somebody who is not in the file; here that may be somebody else.
            return null;
        }

        if (parts is not ["", "buckets", var name, ..] || !name.StartsWith(ExportFormat.DefaultBucket, StringComparison.Ordinal))
        {
            return subject;
        }

        return await DefaultBucketOfAsync(name, cancellationToken) is { } id ? string.Join('/', (string[])[.. parts[..2], "u:" + id, .. parts[3..]]) : null;
    }

    private async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        await asking.WaitAsync(cancellationToken);
        try
        {
            return await ask();
        }
        finally
        {
            asking.Release();
        }
    }
}
