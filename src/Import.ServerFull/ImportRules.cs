namespace Lockstep.Import.ServerFull;

/// <summary>What names may be here, as the protocol that serves them says.</summary>
/// <param name="IsUser">Whether a user can sign in by a name.</param>
/// <param name="AccountOf">What a user's account is called, of their name and address.</param>
/// <param name="IsCollection">Whether a collection can be called so.</param>
/// <param name="IsRecord">Whether a record can have an id.</param>
public sealed record ImportRules(Func<string, bool> IsUser, Func<string, string, string> AccountOf, Func<string, bool> IsCollection, Func<string, bool> IsRecord);
