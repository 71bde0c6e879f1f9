using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// What an object says of rights after a write. Invariants:
/// <list type="number">
/// <item>Whoever may write an object and says something of its rights goes on to be one who may.</item>
/// <item>A bucket's author is not in its list; whoever takes them out of its writers becomes the author.</item>
/// <item>What the bucket's owner keeps in memory and asks other buckets for is bounded, and known before the write that names it.</item>
/// </list>
/// </summary>
/// <remarks>Kinto: docs/api/1.x/permissions.rst.</remarks>
/// <param name="draft">The turn's changes.</param>
/// <param name="reader">Says who may do what.</param>
/// <param name="store">Where the index of principals lies.</param>
/// <param name="time">The clock.</param>
internal sealed class TurnAccess(BucketDraft draft, OperationReader reader, IBucketStore store, TimeProvider time)
{
    private static readonly IReadOnlySet<string> NoPrincipals = new HashSet<string>(StringComparer.Ordinal);

    private BucketHeads Heads => draft.Heads;

    /// <summary>Finds out what an object says of rights once it is written.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">Its data.</param>
    /// <param name="existing">What is there, tombstones included.</param>
    /// <param name="change">What the write says of rights; null for nothing.</param>
    /// <param name="caller">Who writes.</param>
    /// <param name="isOwner">Whether the bucket is theirs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What it says, or why it may not say that.</returns>
    public async ValueTask<(AccessUpdate? Access, Outcome? Refusal)> AccessOfAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, StoredRecord? existing, AccessChange? change, Caller caller, bool isOwner, CancellationToken cancellationToken)
    {
        var (role, options) = (target.List.Role, reader.Rule.Options);
        var live = existing is { IsTombstone: false };
        var self = caller.Principals.User is null ? PrincipalText.Everyone : caller.Principals.Stored;
        var writes = options.AuthorsMayWrite || caller.Access == BucketAccess.Own;

        // :: Step 1: what it says before, with those who made it.
        var kept = AccessList.Read(existing?.Acl);
        var makes = role == ListRole.Self && !live;
        var author = makes ? (writes && caller.Principals.User is not null ? self : null) : AccessRule.AuthorOf(Heads);
        var before = live
            ? role == ListRole.Self ? WithWriter(kept ?? AccessList.Empty, author) : kept ?? WithWriter(AccessList.Empty, author)
            : writes ? WithWriter(AccessList.Empty, isOwner ? author ?? self : self) : AccessList.Empty;

        // :: Step 2: what it says afterwards. Whoever says something of it goes on to be one who may.
        var after = before;
        if (change is { Edits.Count: > 0 })
        {
            if (change.ApplyTo(before, NamedAt) is not { } changed)
            {
                return (null, new Invalid("body", "permissions", "JSON Patch operation failed: a principal that it needs is not there"));
            }

            after = writes && (caller.Principals.User is not null || !live) ? WithWriter(changed, self) : changed;
        }

        if (after.Length > options.MaxPrincipals && after.Length > before.Length)
        {
            return (null, new Invalid("body", "permissions", $"An object may name {options.MaxPrincipals} principals."));
        }

        // :: Step 3: a bucket's author is not in its list. A writer who takes the author out of the writers becomes the author.
        var next = default(Caller?);
        if (role == ListRole.Self)
        {
            if (live && author is not null && !after[Right.Write].Contains(author, StringComparer.Ordinal) && caller.Principals.User is not null)
            {
                (next, author) = (caller, self);
            }

            after = after.With(Right.Write, after[Right.Write].Where(principal => !string.Equals(principal, author, StringComparison.Ordinal)))
                .WithForeignGroups(Heads.Acl?.ForeignGroups ?? []).WithHorizon(Heads.Acl?.Horizon ?? ServerTimestamp.Zero);
        }

        // :: Step 4: members.
        if (role == ListRole.Groups)
        {
            var members = GroupMembers.Read(body, out var fault);
            if (fault is not null || members.Count > options.MaxGroupMembers)
            {
                return (null, new Invalid("body", "data.members", fault ?? $"A group may have {options.MaxGroupMembers} members."));
            }

            var known = (kept?.Members ?? []).Concat(change?.Accounts ?? []).GroupBy(PrincipalText.Public, StringComparer.Ordinal)
                .ToDictionary(static names => names.Key, static names => names.Last(), StringComparer.Ordinal);
            var since = existing is { IsTombstone: true } ? existing.Modified : kept?.Since ?? Heads[ListRef.Groups].Horizon;
            after = after.WithMembers([.. members.Select(member => known.GetValueOrDefault(member, member))], since);
        }
        else if (role != ListRole.Self && after.Equals(WithWriter(AccessList.Empty, AccessRule.AuthorOf(Heads))))
        {
            after = null;
        }

        // :: Step 5: bounds of what the owner keeps in memory and asks others for.
        var foreign = (after?.Indexed() ?? NoPrincipals).Where(IsForeign).Except(Heads.Acl?.ForeignGroups ?? [], StringComparer.Ordinal).ToList();
        if (foreign.Count > 0)
        {
            var named = Heads.Acl?.ForeignGroups ?? [];
            if (named.Count + foreign.Count > options.MaxForeignGroups)
            {
                named = await StillNamedAsync(named, cancellationToken);
                if (named.Count + foreign.Count > options.MaxForeignGroups)
                {
                    return (null, new Invalid("body", "permissions", $"The objects of a bucket may name {options.MaxForeignGroups} groups of other buckets together."));
                }
            }

            after = role == ListRole.Self ? after!.WithForeignGroups([.. named, .. foreign]) : after;
            draft.Name([.. named, .. foreign]);
        }

        if (role is ListRole.Self or ListRole.Collections && after is not null && after.Size > (kept?.Size ?? 0)
            && Heads.Lists.Values.Sum(static head => (long)(head.Acl?.Size ?? 0)) + after.Size - (kept?.Size ?? 0) > options.MaxBytes)
        {
            return (null, new TooLarge($"What a bucket and its collections say of rights may take {options.MaxBytes} bytes together."));
        }

        return (new AccessUpdate(role == ListRole.Self && after is { NamesNobody: true, ForeignGroups.Count: 0 } && after.Horizon == ServerTimestamp.Zero ? null : after)
        {
            Author = next,
            HasAuthor = author is not null,
        }, null);
    }

    private static AccessList WithWriter(AccessList list, string? writer) =>
        writer is null || list[Right.Write].Contains(writer, StringComparer.Ordinal) ? list : list.With(Right.Write, [writer, .. list[Right.Write]]);

    /// <summary>
    /// From when on a group is named. A group of another bucket goes by that bucket's clock: this one's may lead, and who is named with a
    /// stamp to come would also mean a group that is made once the named one is gone.
    /// </summary>
    private ServerTimestamp NamedAt(string group) =>
        IsForeign(group) && ServerTimestamp.Now(time) is var now && now < draft.Upcoming ? now : draft.Upcoming;

    private bool IsForeign(string principal) => PrincipalText.TryReadGroup(principal, out var bucket, out _) && BucketId.Named(bucket) != Heads.Id;

    private async ValueTask<IReadOnlyList<string>> StillNamedAsync(IReadOnlyList<string> groups, CancellationToken cancellationToken)
    {
        var still = new HashSet<string>(StringComparer.Ordinal);
        foreach (var relation in new[] { GrantRelation.Named, GrantRelation.NamedWidely, GrantRelation.NamedByBucket })
        {
            if (Heads.Row != 0)
            {
                var stored = await store.ReadGrantsAsync(new GrantScan([Heads.Id], relation, groups, int.MaxValue), cancellationToken);
                still.UnionWith(stored.Where(grant => !draft.Overlay.Grants.ContainsKey(grant.Key)).Select(static grant => grant.Key.Principal));
            }

            still.UnionWith(groups.Where(group => draft.Overlay.Grants.Of(relation, group).Any(static grant => grant.Value is not null)));
        }

        return [.. still.Where(IsForeign)];
    }
}
