using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>With what a request comes.</summary>
/// <param name="Token">The access token.</param>
/// <param name="KeyId"><c>X-KeyID</c>; null for none.</param>
/// <param name="ClientState">Of the bucket's name, else of <c>X-Client-State</c>; null for none, where there is a <paramref name="KeyId"/>.</param>
internal sealed record Credentials(string Token, string? KeyId, string? ClientState)
{
    private const string Scheme = "Bearer ";

    /// <returns>The one or the other.</returns>
    public static (Credentials? Read, SynctoResponse? Error) Read(SynctoRequest request)
    {
        if (request.Header("Authorization") is not { } header || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length == Scheme.Length)
        {
            return (null, SynctoErrors.NoToken);
        }

        var (keyId, state) = (Header(request, "X-KeyID"), Header(request, "X-Client-State"));
        if (request.Bucket is not SynctoPaths.CommonBucket)
        {
            state = request.Bucket;
            if (!StorageAccess.IsFingerprint(state))
            {
                return (null, SynctoErrors.NoBucket);
            }
        }
        else if (keyId is null && state is null)
        {
            return (null, SynctoErrors.NoClientState);
        }

        return (new Credentials(header[Scheme.Length..], keyId, state), null);
    }

    private static string? Header(SynctoRequest request, string name) => request.Header(name) is { Length: > 0 } value ? value : null;

    /// <summary>They are secrets.</summary>
    public override string ToString() => nameof(Credentials);
}
