using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Owner;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;

namespace Lockstep.Silo.Hosting;

/// <summary><c>account add|password|disable|enable|remove|list</c>: accounts without HTTP, beside a running server or without one.</summary>
internal static class AccountCommands
{
    public const string Help =
        """
        account add NAME       makes an account; the password is asked for, or read as a line from standard input
        account password NAME  sets a new password, also of a user of Sync 1.1; a running server takes it within
                               Accounts:CacheTime (30 seconds)
        account disable NAME   lets nobody sign in to an account any more; its data stays
        account enable NAME    lets its user sign in again, with the same password
        account remove NAME    deletes an account and all its data; with SQLite the server must be stopped
        account list           lists the accounts' names
        """;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, LockstepOptions options, TextReader input, TextWriter output)
    {
        if (arguments is not (["list"] or ["add" or "password" or "disable" or "enable" or "remove", _]))
        {
            output.WriteLine(Help);
            return 2;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: arguments[0] is "remove", fault => output.WriteLine(fault.Message));
        var accounts = storage.Accounts;
        using var metrics = new GatewayMetrics();
        using var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System);
        var directory = new AccountDirectory(
            accounts,
            storage.Index,
            buckets,
            new InProcessSignInThrottle(options.Accounts.ToLimits(), TimeProvider.System),
            new AccountSecret(storage.Secret),
            options.Accounts,
            metrics,
            TimeProvider.System,
            storage.KeyedAccounts,
            storage.Assignments,
            storage.Logins,
            storage.Push);
        switch (arguments)
        {
            case ["list"]:
                string? last = null;
                while (await accounts.ListAsync(last, 1000, CancellationToken.None) is { Count: > 0 } page)
                {
                    foreach (var account in page)
                    {
                        output.WriteLine(account.Name);
                    }

                    last = page[^1].Name;
                }

                return 0;
            case ["remove", var name]:
                return Say(output, await directory.DeleteAsync(name, CancellationToken.None)
                    ? (0, $"Account '{name}' and all its data are deleted.")
                    : (1, $"There is no account '{name}'."));
            case [("disable" or "enable") and var verb, var name]:
                return Say(output, await SetStateAsync(directory, name, isDisabled: verb is "disable"));
            case ["password", var name] when await storage.KeyedAccounts.FindAsync(name.ToLowerInvariant(), CancellationToken.None) is not null:
                return Say(output, (1, $"'{name}' is a Firefox account, whose password the server must not know. Use 'firefox-accounts reset-link {name}'."));
            case [var verb, var name]:
                return Say(output, await SetPasswordAsync(directory, verb, name, input, output));
            default:
                return 2;
        }
    }

    private static async Task<(int Code, string Line)> SetPasswordAsync(
        AccountDirectory directory, string verb, string name, TextReader input, TextWriter output)
    {
        if (!AccountDirectory.IsValidName(name))
        {
            return (2, $"'{name}' cannot be an account's name: use letters, digits and +.@_-, beginning with a letter or digit.");
        }

        var password = ReadPassword(input, output);
        if (directory.Refuse(password) is { } refusal)
        {
            return (2, refusal);
        }

        if (verb is "add")
        {
            return await directory.AddAsync(name, password, CancellationToken.None) is null
                ? (1, $"There is an account '{name}' already. Use 'account password {name}' to change its password.")
                : (0, $"Account '{name}' is made.");
        }

        return await directory.ChangePasswordAsync(name, password, CancellationToken.None) switch
        {
            PasswordChange.Done => (0, $"The password of '{name}' is changed."),
            PasswordChange.Importing => (1, $"Not all that '{name}' has stored is here: 'server-full import' or 'kinto import' was cut off. Run it again first."),
            _ => (1, $"There is no account '{name}'."),
        };
    }

    private static async Task<(int Code, string Line)> SetStateAsync(AccountDirectory directory, string name, bool isDisabled)
    {
        var account = await directory.FindByNameAsync(name, CancellationToken.None);
        var changed = account is null ? null
            : isDisabled ? await directory.DisableAsync(account, CancellationToken.None)
            : await directory.EnableAsync(account, CancellationToken.None);
        return changed is null
            ? (1, $"There is no account '{name}'.")
            : (0, changed.IsDisabled ? $"Account '{name}' is disabled. Its data stays." : $"Account '{name}' is enabled.");
    }

    private static int Say(TextWriter output, (int Code, string Line) result)
    {
        output.WriteLine(result.Line);
        return result.Code;
    }

    private static string ReadPassword(TextReader input, TextWriter output)
    {
        if (Console.IsInputRedirected || input != Console.In)
        {
            return input.ReadLine() ?? "";
        }

        output.Write("Password: ");
        var password = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                password.Length = Math.Max(0, password.Length - 1);
            }
            else
            {
                password.Append(key.KeyChar);
            }
        }

        output.WriteLine();
        return password.ToString();
    }
}
