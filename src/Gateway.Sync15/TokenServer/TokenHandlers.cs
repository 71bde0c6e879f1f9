namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The handlers of all resources.</summary>
internal sealed class TokenHandlers(TokenRequests tokens, AccountEvents events)
{
    public TokenRequests Tokens => tokens;

    public AccountEvents Events => events;
}
