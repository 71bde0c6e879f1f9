namespace Lockstep.Gateway.Console.Administration.Accounts;

/// <summary>An account in the list.</summary>
/// <param name="Name">What its user signs in with.</param>
/// <param name="Number">Never given again.</param>
/// <param name="Since">When it was made, in milliseconds since the Unix epoch; 0 if that was not recorded.</param>
/// <param name="Modified">Last change, in the same form.</param>
/// <param name="HasPassword">Whether its password is kept as a hash here; otherwise it belongs to Firefox or to Sync 1.1.</param>
/// <param name="IsAdministrator">Whether it administers this server.</param>
/// <param name="IsDisabled">Whether nobody can sign in to it.</param>
internal sealed record AccountView(string Name, long Number, long Since, long Modified, bool HasPassword, bool IsAdministrator, bool IsDisabled);
