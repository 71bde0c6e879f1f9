namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The reason why no token is given out, in the form that clients get.</summary>
/// <param name="HttpStatus">The answer's status.</param>
/// <param name="Status">The word that clients evaluate.</param>
/// <param name="Location">The part of the request at fault: <c>body</c>, <c>header</c>, <c>url</c>.</param>
/// <param name="Name">The name of the header or field at fault; often empty.</param>
/// <param name="Description">For people.</param>
public sealed record TokenError(int HttpStatus, string Status, string Location, string Name, string Description)
{
    private const string ClientState = "X-Client-State";

    /// <summary>No credentials at all.</summary>
    public static TokenError NoCredentials { get; } = new(401, "error", "body", "", "Unauthorized");

    public static TokenError OtherScheme { get; } = new(401, "error", "body", "", "Unsupported");

    public static TokenError InvalidCredentials { get; } = new(401, "invalid-credentials", "body", "", "Unauthorized");

    public static TokenError NoKeyId { get; } = new(401, "invalid-key-id", "header", "", "Missing X-KeyID header");

    public static TokenError InvalidGeneration { get; } = new(401, "invalid-generation", "body", "", "Unauthorized");

    public static TokenError InvalidKeysChangedAt { get; } = new(401, "invalid-keysChangedAt", "body", "", "Unauthorized");

    public static TokenError StaleClientState { get; } = UnacceptableClientState("stale value");

    public static TokenError EmptyClientState { get; } = UnacceptableClientState("empty string");

    public static TokenError ClientStateWithoutGeneration { get; } = UnacceptableClientState("new value with no generation change");

    public static TokenError ClientStateWithoutKeys { get; } = UnacceptableClientState("new value with no keys_changed_at change");

    public static TokenError OtherClientState { get; } = new(401, "invalid-client-state", "body", "", "Unauthorized");

    public static TokenError BadClientState { get; } = new(400, "error", "header", ClientState, "Invalid client state value");

    public static TokenError NoNewUsers { get; } = new(403, "new-users-disabled", "body", "", "New users are not allowed");

    public static TokenError NoSuchApplication { get; } = new(404, "error", "url", "application", "Unsupported application");

    public static TokenError NotFound { get; } = new(404, "error", "url", "", "Not found");

    public static TokenError Internal { get; } = new(500, "internal-error", "internal", "", "Server error");

    /// <summary>No node has room.</summary>
    public static TokenError NoNode { get; } = Internal with { HttpStatus = 503 };

    /// <summary>A required service does not answer; a retry helps.</summary>
    public static TokenError NotNow { get; } = new(503, "error", "body", "", "Resource is not available");

    public static TokenError NoSuchVersion(string version) => new(404, "error", "url", version, "Unsupported application version");

    /// <summary>General refusals of the server.</summary>
    public static TokenError Of(int httpStatus, string description) => new(httpStatus, "error", "body", "", description);

    private static TokenError UnacceptableClientState(string why) =>
        new(401, "invalid-client-state", "header", ClientState, "Unacceptable client-state value " + why);
}
