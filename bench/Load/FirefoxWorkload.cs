namespace Lockstep.Bench;

/// <summary>What signing in costs, and what Firefox asks for between two syncs.</summary>
/// <param name="server">Who is measured.</param>
internal sealed class FirefoxWorkload(ServerProcess server)
{
    /// <summary>Whether the server has accounts for Firefox; without them they are not measured.</summary>
    public const string Variable = "LOCKSTEP_FIREFOX_ACCOUNTS__MODE";

    private const int Users = 32;
    private const int SignIns = 8;

    private readonly List<FirefoxUser> users = [];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var user = 0; user < Users; user++)
        {
            users.Add(await FirefoxUser.MakeAsync(server, user, connection, cancellationToken));
        }
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        new($"Firefox: sign-in (Argon2id), {SignIns} users", server, [.. users.Take(SignIns).Select(static user => user.SignIn())], static (status, body) => status == 200 && body.IndexOf("\"sessionToken\""u8) > 0),
        new($"Firefox: token refresh, {Users} users", server, [.. users.Select(static user => user.Refresh())], static (status, body) => status == 200 && body.IndexOf("\"access_token\""u8) > 0),
        new($"Firefox: TokenServer, {Users} users", server, [.. users.Select(static user => user.SyncToken())], static (status, body) => status == 200 && body.IndexOf("\"api_endpoint\""u8) > 0),
        new($"Firefox: profile, {Users} users", server, [.. users.Select(static user => user.Profile())], static (status, body) => status == 200 && body.IndexOf("\"uid\""u8) > 0),
    ];
}
