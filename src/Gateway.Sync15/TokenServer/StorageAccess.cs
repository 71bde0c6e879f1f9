namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// From an access token to its user's storage, by the rules of TokenServer and without a token of the storage in between: for a protocol
/// that shows the same data.
/// </summary>
public sealed class StorageAccess
{
    /// <summary>Characters of a token.</summary>
    public const int MaxTokenLength = TokenVerifier.MaxLength;

    private const int FingerprintLength = 32;

    private readonly TokenVerifier verifier;
    private readonly UserStores stores;

    internal StorageAccess(TokenVerifier verifier, UserStores stores) => (this.verifier, this.stores) = (verifier, stores);

    /// <param name="token">As in <c>Authorization</c>, behind the scheme.</param>
    /// <param name="who">Whom it is counted for: the address it came from.</param>
    /// <param name="serverUrl">As clients see this server, without a slash at the end: what a token of its own accounts is for follows from it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<TokenVerdict> VerifyAsync(string token, string who, string serverUrl, CancellationToken cancellationToken) =>
        verifier.VerifyAsync(token, who, serverUrl + TokenResources.OldPrefix, cancellationToken);

    /// <summary>
    /// With <c>X-KeyID</c> what TokenServer does: who has no store may get one, and a newer key gets another store. With the client state
    /// alone the store that is in use, if its key has that fingerprint: a mistake in an address replaces nothing.
    /// </summary>
    /// <param name="user">Who asks.</param>
    /// <param name="keyId"><c>X-KeyID</c>; null for none.</param>
    /// <param name="clientState">The key's fingerprint, 32 hex digits; null for none, where there is a <paramref name="keyId"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The one or the other.</returns>
    public async ValueTask<(StoreFound? Found, TokenError? Error)> FindAsync(
        VerifiedUser user, string? keyId, string? clientState, CancellationToken cancellationToken)
    {
        clientState = clientState?.ToLowerInvariant();
        if (keyId is not null)
        {
            var (key, error) = KeyId.Parse(keyId, clientState);
            return key is null ? (null, error) : await stores.FindAsync(user, key, invitation: null, cancellationToken);
        }

        return IsFingerprint(clientState) ? await stores.FindInUseAsync(user, clientState!, cancellationToken) : (null, TokenError.BadClientState);
    }

    /// <summary>32 hex digits.</summary>
    public static bool IsFingerprint(string? text) => text is { Length: FingerprintLength } && text.All(char.IsAsciiHexDigit);
}
