namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>What an account of an address is called: the address in lower case. So two spellings of one address are one account.</summary>
internal static class AccountName
{
    public static string Of(string email) => email.ToLowerInvariant();
}
