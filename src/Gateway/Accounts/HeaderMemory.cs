namespace Lockstep.Gateway.Accounts;

/// <summary>
/// The digest of the <c>Authorization</c> header that came last over a connection. A client sends the same header with each request, and the HTTP server
/// then gives out the same text. It is compared by reference, so that the comparison takes the same time whatever a client sends. Thread-safe.
/// </summary>
public sealed class HeaderMemory
{
    private Entry? last;

    /// <summary>The digest of a header.</summary>
    /// <param name="header">The header.</param>
    /// <param name="cache">Whose digest it is.</param>
    public UInt128 DigestOf(string header, CredentialCache cache)
    {
        if (last is not { } known || !ReferenceEquals(known.Header, header) || known.Cache != cache)
        {
            last = known = new Entry(header, cache, cache.Digest(header));
        }

        return known.Digest;
    }

    private sealed record Entry(string Header, CredentialCache Cache, UInt128 Digest);
}
