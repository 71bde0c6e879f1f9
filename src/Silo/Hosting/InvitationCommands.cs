using System.Globalization;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Console.Invitations;

namespace Lockstep.Silo.Hosting;

/// <summary><c>account invite|invitations|uninvite</c>: links that let others make an account, beside a running server or without one.</summary>
internal static class InvitationCommands
{
    public const string Help =
        """
        account invite [--name NAME] [--note TEXT]
                               writes a link that makes an account, once, within Console:InvitationTime (7 days); whoever
                               opens it chooses the password, and the name unless it is given
        account invitations    lists invitations that nobody has used: begin of their digest, end, name, note
        account uninvite DIGEST
                               takes an invitation back, by the begin of its digest
        """;

    /// <summary>Its own options, which are no settings.</summary>
    public static readonly IReadOnlyList<string> Own = ["--name", "--note"];

    private const int MinDigestLength = 8;

    /// <summary>Whether a command is one of these.</summary>
    public static bool Has(IReadOnlyList<string> command) => command is ["account", "invite" or "invitations" or "uninvite", ..];

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output)
    {
        var name = own.GetValueOrDefault("--name", "");
        if (arguments is not (["invite"] or ["invitations"] or ["uninvite", { Length: >= MinDigestLength }]) || (arguments is not ["invite"] && own.Count > 0)
            || (name.Length > 0 && !AccountDirectory.IsValidName(name)))
        {
            output.WriteLine(Help);
            return 2;
        }

        if (!options.Console.Enabled)
        {
            output.WriteLine("Console:Enabled is false, and the link leads to the console. Set it to true.");
            return 1;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => output.WriteLine(fault.Message));
        var invitations = new AccountInvitations(storage.Assignments, TimeProvider.System);
        switch (arguments)
        {
            case ["invite"] when name.Length > 0 && await storage.Accounts.FindAsync(name, CancellationToken.None) is not null:
                output.WriteLine($"There is an account '{name}' already.");
                return 1;
            case ["invite"]:
                var link = await invitations.MakeAsync(name, own.GetValueOrDefault("--note", ""), options.Console.InvitationTime, CancellationToken.None);
                output.WriteLine(FirstAdministrator.RootOf(options.Urls.Split(';')[0], options) + link);
                return 0;
            case ["uninvite", var digest]:
                return await RevokeAsync(invitations, digest, output);
            default:
                foreach (var one in await invitations.ListAsync(CancellationToken.None))
                {
                    var end = DateTimeOffset.FromUnixTimeMilliseconds(one.Expires.Milliseconds).ToString("u", CultureInfo.InvariantCulture);
                    output.WriteLine($"{one.Digest[..16]} {end} {(one.AccountName is { Length: > 0 } fixedName ? fixedName : "-")} {one.Note}".TrimEnd());
                }

                return 0;
        }
    }

    private static async Task<int> RevokeAsync(AccountInvitations invitations, string digest, TextWriter output)
    {
        var fit = (await invitations.ListAsync(CancellationToken.None)).Where(one => one.Digest.StartsWith(digest, StringComparison.OrdinalIgnoreCase)).ToList();
        var (code, line) = fit.Count != 1 ? (1, $"{(fit.Count == 0 ? "No invitation has" : "More than one invitation has")} a digest that begins with '{digest}'.")
            : await invitations.RevokeAsync(fit[0].Digest, CancellationToken.None) ? (0, "The invitation is taken back.")
            : (1, "Somebody has just used the invitation.");
        output.WriteLine(line);
        return code;
    }
}
