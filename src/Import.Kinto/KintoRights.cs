using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>
/// What objects say of rights, as it is stored here. Accounts are named with their numbers, so that whoever is not here is left out: a later account of the name would inherit. What is left out is counted and noted.
/// </summary>
/// <param name="accounts">Numbers of the accounts that came over, by name.</param>
/// <param name="defaultBuckets">Whose default bucket a bucket is, by its id there.</param>
/// <param name="others">Which buckets here are somebody else's.</param>
/// <param name="tally">Hears what is left out.</param>
/// <param name="now">When groups are named.</param>
internal sealed class KintoRights(IReadOnlyDictionary<string, long> accounts, IReadOnlyDictionary<string, string> defaultBuckets, KintoOthers others, KintoTally tally, ServerTimestamp now)
{
    private const string Account = "account:";
    private const string BasicAuth = "basicauth:";

    private readonly HashSet<string> unknown = new(StringComparer.Ordinal);

    /// <summary>The user of a principal, if they are here or can come with a provider's token.</summary>
    public PrincipalSet? UserOf(string principal)
    {
        if (principal.StartsWith(Account, StringComparison.Ordinal))
        {
            return accounts.TryGetValue(principal[Account.Length..], out var number) ? new PrincipalSet(principal) { Account = new AccountRef(number, ServerTimestamp.Zero) } : null;
        }

        // Nobody can sign in with what basicauth took for a name.
        return IsOfSomebody(principal) && !principal.StartsWith(BasicAuth, StringComparison.Ordinal) ? new PrincipalSet(principal) : null;
    }

    /// <summary>Whose a bucket is: the only user among those who may write it. Null where there is none, or more than one.</summary>
    public PrincipalSet? AuthorOf(IReadOnlyList<KintoEntry> entries)
    {
        var writers = entries.Where(static entry => entry.Permission == "write").Select(entry => UserOf(entry.Principal)).OfType<PrincipalSet>().ToList();
        return writers.Count == 1 ? writers[0] : null;
    }

    /// <summary>What an object says, but for its bucket's author.</summary>
    /// <param name="role">What kind it is.</param>
    /// <param name="path">The object, for notes.</param>
    /// <param name="entries">What it said.</param>
    /// <param name="author">Its bucket's author; null for none.</param>
    /// <param name="foreign">Gets the groups of other buckets that it names.</param>
    /// <param name="bucket">Its bucket's id.</param>
    /// <returns>Null for nothing beyond what the author may anyway.</returns>
    public AccessList? Read(ListRole role, string path, IReadOnlyList<KintoEntry> entries, PrincipalSet? author, ISet<string> foreign, string bucket)
    {
        if (entries.Count == 0)
        {
            return null;
        }

        // Most are of this kind: whoever made the bucket has made it.
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

    /// <summary>The members of a group, as they are stored.</summary>
    public IReadOnlyList<string> Members(string path, IReadOnlyList<string> members) => [.. members.Select(member => MemberOf(member, path))];

    /// <summary>Counts what nobody gets, of a default bucket.</summary>
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

    /// <summary>Nobody, where the account is not here: the data goes on naming them.</summary>
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

    /// <summary>Says it once for each reason, and counts all.</summary>
    private void Drop(string path, string why, int count)
    {
        tally.RightsDropped += count;
        if (unknown.Add(why))
        {
            tally.Note($"{path}: rights are left out, and perhaps of others too: {why}");
        }
    }
}
