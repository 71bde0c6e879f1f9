namespace Lockstep.Core.KeyedAccounts;

/// <summary>A valid token and its account.</summary>
public sealed record FoundToken(AccountToken Token, KeyedAccount Account);
