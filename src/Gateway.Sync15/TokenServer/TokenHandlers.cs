namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>All that the resources are served by.</summary>
internal sealed class TokenHandlers(TokenRequests tokens, AccountEvents events)
{
    public TokenRequests Tokens => tokens;

    public AccountEvents Events => events;
}
