using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Silo.Hosting;

/// <summary><c>sync …</c>: users of Firefox Sync, their invitations and nodes, beside a running server or without one.</summary>
internal static class SyncCommands
{
    public const string Help =
        """
        sync invite [--note TEXT] [--quota BYTES] [--days DAYS]
                               makes an invitation for one user and prints the URL for their Firefox, where only Sync 1.1
                               takes any its code for Pale Moon; it ends in 7 days
        sync invitations       lists invitations that nobody has taken: begin of their digest, end, quota, note
        sync uninvite DIGEST   takes an invitation back, by the begin of its digest
        sync users             lists users: number of their store, id, issuer, node, quota
        sync quota USER BYTES|default [--issuer NAME]
                               sets what a user may store, 0 for no limit; it holds from their next token on
        sync remove USER [--issuer NAME]
                               ends a user's store, for good: they get no other one; the data goes after Sync15:ReplacedRetention
        sync node list         lists the nodes
        sync node add URL CAPACITY
                               adds a node, or changes its capacity and puts it back into use
        sync node drain URL    gives a node no new users; those that are there stay
        sync node down URL     the same for a node that does not answer
        sync node remove URL   removes a node; its users get an empty store on another one
        """;

    private const int DefaultDays = 7;
    private const int MaxDays = 3650;
    private const int PageSize = 1000;
    private const int MinDigestLength = 8;

    private static readonly string[] Own = ["--note", "--quota", "--days", "--issuer"];

    /// <summary>Parts a command line: what is the command's own, and what is a setting.</summary>
    /// <param name="arguments">What follows the command.</param>
    /// <param name="own">The command's own options; null for those of users.</param>
    /// <exception cref="SettingsException">An option has no value.</exception>
    public static (IReadOnlyDictionary<string, string> Options, IReadOnlyList<string> Settings) Part(IReadOnlyList<string> arguments, IReadOnlyList<string>? own = null)
    {
        var (options, settings) = (new Dictionary<string, string>(StringComparer.Ordinal), new List<string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!(own ?? Own).Contains(arguments[i], StringComparer.Ordinal))
            {
                settings.Add(arguments[i]);
            }
            else if (i + 1 < arguments.Count)
            {
                options[arguments[i]] = arguments[++i];
            }
            else
            {
                throw new SettingsException($"'{arguments[i]}' needs a value: {arguments[i]} VALUE.");
            }
        }

        return (options, settings);
    }

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output)
    {
        if (Read(arguments, own, options) is not { } run)
        {
            output.WriteLine(Help);
            return 2;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => output.WriteLine(fault.Message));
        var (code, line) = await run(storage, output);
        if (line.Length > 0)
        {
            output.WriteLine(line);
        }

        return code;
    }

    private static Func<ServerStorage, TextWriter, Task<(int Code, string Line)>>? Read(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options)
    {
        var user = new UserIdentity(own.GetValueOrDefault("--issuer", options.Sync15.Issuer.Name), arguments is ["quota" or "remove", var subject, ..] ? subject : "");
        var isOwn = own.Keys.All(name => arguments switch { ["invite"] => name is not "--issuer", ["quota" or "remove", ..] => name is "--issuer", _ => false });
        return !isOwn ? null : arguments switch
        {
            ["invite"] when Number(own, "--days", DefaultDays, 1, MaxDays) is { } days && (!own.ContainsKey("--quota") || Number(own, "--quota", 0, 0, long.MaxValue) is not null) =>
                (storage, _) => InviteAsync(storage.Assignments, options, own.GetValueOrDefault("--note", ""), own.ContainsKey("--quota") ? Number(own, "--quota", 0, 0, long.MaxValue) : null, days),
            ["invitations"] => ListInvitationsAsync,
            ["uninvite", { Length: >= MinDigestLength } digest] => (storage, _) => UninviteAsync(storage.Assignments, digest),
            ["users"] => ListUsersAsync,
            ["quota", _, "default"] => (storage, _) => SetQuotaAsync(storage.Assignments, user, null),
            ["quota", _, var bytes] when Parse(bytes, 0, long.MaxValue) is { } quota => (storage, _) => SetQuotaAsync(storage.Assignments, user, quota),
            ["remove", _] => (storage, _) => RemoveAsync(storage, user),
            ["node", "list"] => ListNodesAsync,
            ["node", "add", var url, var text] when IsNode(url) && Parse(text, 1, int.MaxValue) is { } capacity =>
                (storage, _) => PutAsync(storage.Assignments, url, _ => ((int)capacity, false, false)),
            ["node", "drain", var url] => (storage, _) => PutAsync(storage.Assignments, url, static node => node is null ? null : (node.Capacity, node.IsDown, true)),
            ["node", "down", var url] => (storage, _) => PutAsync(storage.Assignments, url, static node => node is null ? null : (node.Capacity, true, node.IsDraining)),
            ["node", "remove", var url] => async (storage, _) => await storage.Assignments.RemoveNodeAsync(Trimmed(url), ServerTimestamp.Now(TimeProvider.System), CancellationToken.None)
                ? (0, $"Node {Trimmed(url)} is removed. Its users get a store on another one when they sync next.")
                : NoNode(url),
            _ => null,
        };
    }

    private static async Task<(int Code, string Line)> InviteAsync(IAssignmentStore assignments, LockstepOptions options, string note, long? quota, long days)
    {
        var isOfTokens = options.Sync15.GivesTokens && options.Sync15.Registration != SyncRegistration.Closed;
        if (!isOfTokens && options.Sync11 is not { Enabled: true, Registration: Sync11Registration.Invitation })
        {
            return (1, "Invitations count where Sync15:TokenSecrets and Sync15:Issuer are set, and Sync15:Registration is AllowList; or where Sync11:Enabled is set, and Sync11:Registration is Invitation. Give this command the settings of the server.");
        }

        var code = InvitationCode.New();
        var end = ServerTimestamp.Now(TimeProvider.System).Plus((long)TimeSpan.FromDays(days).TotalMilliseconds);
        await assignments.AddInvitationAsync(new Invitation(InvitationCode.DigestOf(code), note, quota, end, User: null), CancellationToken.None);
        if (!isOfTokens)
        {
            // Sync 1.1 has no URL for it: it goes into a preference.
            return (0, code);
        }

        var address = (options.Http.PublicUrl ?? options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0]).TrimEnd('/');
        return (0, $"{address}/i/{code}/1.0/sync/1.5");
    }

    private static async Task<(int Code, string Line)> ListInvitationsAsync(ServerStorage storage, TextWriter output)
    {
        foreach (var invitation in await FindInvitationsAsync(storage.Assignments))
        {
            output.WriteLine($"{invitation.Digest[..16]} {Time(invitation.Expires)} {Quota(invitation.QuotaBytes)} {invitation.Note}".TrimEnd());
        }

        return (0, "");
    }

    /// <summary>Without those to accounts with a password, which are of the console.</summary>
    private static async Task<IEnumerable<Invitation>> FindInvitationsAsync(IAssignmentStore assignments) =>
        (await assignments.ListInvitationsAsync(CancellationToken.None)).Where(static invitation => invitation.AccountName is null);

    private static async Task<(int Code, string Line)> UninviteAsync(IAssignmentStore assignments, string digest)
    {
        var fit = (await FindInvitationsAsync(assignments)).Where(invitation => invitation.Digest.StartsWith(digest, StringComparison.OrdinalIgnoreCase)).ToList();
        return fit.Count != 1 ? (1, $"{(fit.Count == 0 ? "No invitation has" : "More than one invitation has")} a digest that begins with '{digest}'.")
            : await assignments.RemoveInvitationAsync(fit[0].Digest, CancellationToken.None) ? (0, "The invitation is taken back.")
            : (1, "Somebody has just taken the invitation.");
    }

    private static async Task<(int Code, string Line)> ListUsersAsync(ServerStorage storage, TextWriter output)
    {
        var after = 0L;
        while (await storage.Assignments.ListAsync(after, PageSize, CancellationToken.None) is { Count: > 0 } page)
        {
            foreach (var store in page)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Number} {store.User.Subject} {store.User.Issuer} {store.Node} {Quota(store.QuotaBytes)}"));
            }

            after = page[^1].Number;
        }

        return (0, "");
    }

    private static async Task<(int Code, string Line)> SetQuotaAsync(IAssignmentStore assignments, UserIdentity user, long? quota) =>
        await assignments.SetQuotaAsync(user, quota, CancellationToken.None)
            ? (0, $"The quota of '{user.Subject}' is {Quota(quota)} from their next token on.")
            : NoUser(user);

    private static async Task<(int Code, string Line)> RemoveAsync(ServerStorage storage, UserIdentity user)
    {
        var assignments = storage.Assignments;
        while (await assignments.FindAsync(user, CancellationToken.None) is [{ IsRetired: false } store, ..])
        {
            if (await assignments.EndAsync(store, retire: true, ServerTimestamp.Now(TimeProvider.System), CancellationToken.None))
            {
                await storage.Accounts.CloseAsync(store.Number, CancellationToken.None);
                await assignments.NoteClosedAsync(store.Number, CancellationToken.None);
                return (0, $"The store of '{user.Subject}' is ended, and they get no other one.");
            }
        }

        return NoUser(user);
    }

    private static async Task<(int Code, string Line)> ListNodesAsync(ServerStorage storage, TextWriter output)
    {
        foreach (var node in await storage.Assignments.ListNodesAsync(CancellationToken.None))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node.Number} {node.Url} {node.Load} of {node.Capacity}, {node.Available} released{(node.IsDown ? ", down" : "")}{(node.IsDraining ? ", draining" : "")}"));
        }

        return (0, "");
    }

    private static async Task<(int Code, string Line)> PutAsync(
        IAssignmentStore assignments, string address, Func<AssignmentNode?, (int Capacity, bool IsDown, bool IsDraining)?> change)
    {
        var url = Trimmed(address);
        var known = (await assignments.ListNodesAsync(CancellationToken.None)).FirstOrDefault(node => string.Equals(node.Url, url, StringComparison.Ordinal));
        if (change(known) is not var (capacity, isDown, isDraining))
        {
            return NoNode(address);
        }

        var node = await assignments.PutNodeAsync(url, capacity, isDown, isDraining, CancellationToken.None);
        return (0, string.Create(CultureInfo.InvariantCulture, $"Node {node.Url} takes {(node.IsDown || node.IsDraining ? "no new users" : $"{node.Capacity} users")}."));
    }

    private static (int Code, string Line) NoNode(string url) => (1, $"There is no node {Trimmed(url)}.");

    private static (int Code, string Line) NoUser(UserIdentity user) => (1, $"There is no user '{user.Subject}' of '{user.Issuer}'.");

    private static bool IsNode(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Query.Length == 0;

    private static string Trimmed(string url) => url.TrimEnd('/');

    private static string Quota(long? bytes) => bytes is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number} bytes") : "default";

    private static string Time(ServerTimestamp stamp) => DateTimeOffset.FromUnixTimeMilliseconds(stamp.Milliseconds).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static long? Number(IReadOnlyDictionary<string, string> own, string name, long otherwise, long least, long most) =>
        own.TryGetValue(name, out var text) ? Parse(text, least, most) : otherwise;

    private static long? Parse(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}
