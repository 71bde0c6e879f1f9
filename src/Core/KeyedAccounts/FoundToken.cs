namespace Lockstep.Core.KeyedAccounts;

/// <summary>A token that counts, and whose it is.</summary>
public sealed record FoundToken(AccountToken Token, KeyedAccount Account);
