using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>
/// Converts objects' rights to the form in which they are stored here. Rights name accounts with their numbers, so an account that is not here is left out: a later account of the
/// same name would inherit the right. Rights that are left out are counted and noted.
/// </summary>
/// <param name="accounts">Numbers of the imported accounts, by name.</param>
/// <param name="defaultBuckets">The owners of default buckets, by the buckets' ids there.</param>
/// <param name="others">Buckets here that belong to somebody else.</param>
/// <param name="tally">Receives what is left out.</param>
/// <param name="now">The time when groups are named.</param>
internal sealed class KintoRights(IReadOnlyDictionary<string, long> accounts, IReadOnlyDictionary<string, string> defaultBuckets, KintoOthers others, KintoTally tally, ServerTimestamp now)
{
    private const string Account = "account:";
    private const string BasicAuth = "basicauth:";

    private readonly HashSet<string> unknown = new(StringComparer.Ordinal);

    /// <summary>The user of a principal, if they are here or can sign in with a provider's token.</summary>
    public PrincipalSet? UserOf(string principal)
    {
        if (principal.StartsWith(Account, StringComparison.Ordinal))
        {
            return accounts.TryGetValue(principal[Account.Length..], out var number) ? new PrincipalSet(principal) { Account = new AccountRef(number, ServerTimestamp.Zero) } : null;
        }

        // Nobody can sign in with a name of basicauth.
        return IsOfSomebody(principal) && !principal.StartsWith(BasicAuth, StringComparison.Ordinal) ? new PrincipalSet(principal) : null;
    }

    /// <summary>The author of a bucket: the only user who may write it. Null if there is none, or more than one.</summary>
    public PrincipalSet? AuthorOf(IReadOnlyList<KintoEntry> entries)
    {
        var writers = entries.Where(static entry => entry.Permission == "write").Select(entry => UserOf(entry.Principal)).OfType<PrincipalSet>().ToList();
        return writers.Count == 1 ? writers[0] : null;
    }

    /// <summary>An object's rights, except those of its bucket's author.</summary>
    /// <param name="role">The kind of the object.</param>
    /// <param name="path">The object's path, for notes.</param>
    /// <param name="entries">Its rights in Kinto.</param>
    /// <param name="author">Its bucket's author; null for none.</param>
    /// <param name="foreign">Receives the groups of other buckets that it names.</param>
    /// <param name="bucket">Its bucket's id.</param>
    /// <returns>Null if there are no rights beyond those of the author.</returns>
    public AccessList? Read(ListRole role, string path, IReadOnlyList<KintoEntry> entries, PrincipalSet? author, ISet<string> foreign, string bucket)
    {
        if (entries.Count == 0)
        {
            return null;
        }

        // The usual case: the bucket's author made the object.
        var own = author?.User;
        if (entries.Count == 1 && entries[0] is { Permission: "write" } only && only.Principal == own)
        {
            return null;
        }

        var (list, left) = (AccessList.Empty, false);
        foreach (var of in entries.GroupBy(static entry => entry.Permission, StringComparer.Ordinal))
        {
            if (!PermissionNames.TryParse(of.Key, out var right) || !PermissionNames.In(role).Contains(right.Value))
            {
                Drop(path, $"'{of.Key}' is no right here", of.Count());
                continue;
            }

            var principals = of.Where(entry => role != ListRole.Self || right != Right.Write || entry.Principal != own).Select(entry => StoredOf(entry.Principal, path, foreign, bucket)).OfType<string>().ToList();
            left |= principals.Count > 0;
            list = list.With(right.Value, principals);
        }

        return left ? list : null;
    }

    /// <summary>A group's members as they are stored.</summary>
    public IReadOnlyList<string> Members(string path, IReadOnlyList<string> members) => [.. members.Select(member => MemberOf(member, path))];

    /// <summary>Counts the rights of a default bucket that nobody gets.</summary>
    public void DropShared(string path, IReadOnlyList<KintoEntry> entries, string owner)
    {
        var shared = entries.Count(entry => entry.Principal != owner);
        if (shared > 0)
        {
            Drop(path, $"it lies in the default bucket of {owner}, which is theirs alone here", shared);
        }
    }

    private static bool IsOfSomebody(string principal) =>
        PrincipalText.IsPossible(principal) && !PrincipalText.IsGroup(principal) && principal.IndexOf(':', StringComparison.Ordinal) is > 0 and var at && at < principal.Length - 1;

    private string? StoredOf(string principal, string path, ISet<string> foreign, string bucket)
    {
        if (principal is PrincipalText.Everyone or PrincipalText.Authenticated)
        {
            return principal;
        }

        if (PrincipalText.TryReadGroup(principal, out var of, out var group) && PrincipalText.IsPossible(principal) && !defaultBuckets.ContainsKey(of))
        {
            var name = PrincipalText.GroupOf(of, group);
            if (others.Has(of))
            {
                Drop(path, $"'{name}' is a group of a bucket that somebody had here before", 1);
                return null;
            }

            if (of != bucket)
            {
                foreign.Add(name);
            }

            return PrincipalText.OfGroup(name, now);
        }

        if (UserOf(principal)?.Stored is { } user)
        {
            return user;
        }

        Drop(path, Why(principal), 1);
        return null;
    }

    /// <summary>A member whose account is not here stands for nobody. The group's data still names them.</summary>
    private string MemberOf(string member, string path)
    {
        if (UserOf(member)?.Stored is { } user)
        {
            return user;
        }

        if (member is not PrincipalText.Authenticated)
        {
            Drop(path, Why(member), 1);
        }

        return member;
    }

    private static string Why(string principal) =>
        principal.StartsWith(BasicAuth, StringComparison.Ordinal) ? "users of basicauth cannot sign in here"
        : PrincipalText.IsGroup(principal) ? $"'{principal}' is no group that can be named here"
        : $"'{principal}' is not here";

    /// <summary>Counts all, and notes each reason once.</summary>
    private void Drop(string path, string why, int count)
    {
        tally.RightsDropped += count;
        if (unknown.Add(why))
        {
            tally.Note($"{path}: rights are left out, and perhaps of others too: {why}");
        }
    }
}
