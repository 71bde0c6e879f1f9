namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>The name of an address's account: the address in lower case. So all spellings of an address are one account.</summary>
internal static class AccountName
{
    public static string Of(string email) => email.ToLowerInvariant();
}
