namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Finds the storage of an access token's user, by the rules of TokenServer but without a token of the storage: for a protocol
/// that shows the same data.
/// </summary>
public sealed class StorageAccess
{
    /// <summary>Maximal characters of a token.</summary>
    public const int MaxTokenLength = TokenVerifier.MaxLength;

    private const int FingerprintLength = 32;

    private readonly TokenVerifier verifier;
    private readonly UserStores stores;

    internal StorageAccess(TokenVerifier verifier, UserStores stores) => (this.verifier, this.stores) = (verifier, stores);

    /// <param name="token">As in <c>Authorization</c>, after the scheme.</param>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <param name="serverUrl">The URL of this server as clients see it, without a slash at the end. The audience of tokens of its own accounts is derived from it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<TokenVerdict> VerifyAsync(string token, string who, string serverUrl, CancellationToken cancellationToken) =>
        verifier.VerifyAsync(token, who, serverUrl + TokenResources.OldPrefix, cancellationToken);

    /// <summary>
    /// With <c>X-KeyID</c> it does the same as TokenServer: a user without a store may get one, and a newer key gets another store. With the client state
    /// alone it finds the store in use, if its key has that fingerprint, so that a mistake in an address replaces nothing.
    /// </summary>
    /// <param name="user">The user who asks.</param>
    /// <param name="keyId"><c>X-KeyID</c>; null for none.</param>
    /// <param name="clientState">The key's fingerprint, 32 hex digits; null for none, where there is a <paramref name="keyId"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Either a store or an error.</returns>
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
