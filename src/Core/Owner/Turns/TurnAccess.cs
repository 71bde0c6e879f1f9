using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Decides an object's permissions after a write. Invariants:
/// <list type="number">
/// <item>A caller who may write an object, and sets its permissions, remains able to write it.</item>
/// <item>A bucket's author is not in its list; a writer who removes the author from the writers becomes the author.</item>
/// <item>What the bucket's owner keeps in memory and asks other buckets for is limited, and known before the write that names it.</item>
/// </list>
/// </summary>
/// <remarks>Kinto: docs/api/1.x/permissions.rst.</remarks>
/// <param name="draft">The turn's changes.</param>
/// <param name="reader">Decides who may do what.</param>
/// <param name="store">The store with the index of principals.</param>
/// <param name="time">The clock.</param>
internal sealed class TurnAccess(BucketDraft draft, OperationReader reader, IBucketStore store, TimeProvider time)
{
    private static readonly IReadOnlySet<string> NoPrincipals = new HashSet<string>(StringComparer.Ordinal);

    private BucketHeads Heads => draft.Heads;

    /// <summary>Finds the permissions that an object will have after the write.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">Its data.</param>
    /// <param name="existing">The existing row, which may be a tombstone.</param>
    /// <param name="change">The write's change of permissions; null for none.</param>
    /// <param name="caller">The writer.</param>
    /// <param name="isOwner">Whether the bucket is theirs.</param>
    /// <param name="cancellationToken">Stops the look-up.</param>
    /// <returns>The permissions, or the refusal.</returns>
    public async ValueTask<(AccessUpdate? Access, Outcome? Refusal)> AccessOfAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, StoredRecord? existing, AccessChange? change, Caller caller, bool isOwner, CancellationToken cancellationToken)
    {
        var (role, options) = (target.List.Role, reader.Rule.Options);
        var live = existing is { IsTombstone: false };
        var self = caller.Principals.User is null ? PrincipalText.Everyone : caller.Principals.Stored;
        var writes = options.AuthorsMayWrite || caller.Access == BucketAccess.Own;

        // :: Step 1: the permissions before the write, with the authors.
        var kept = AccessList.Read(existing?.Acl);
        var makes = role == ListRole.Self && !live;
        var author = makes ? (writes && caller.Principals.User is not null ? self : null) : AccessRule.AuthorOf(Heads);
        var before = live
            ? role == ListRole.Self ? WithWriter(kept ?? AccessList.Empty, author) : kept ?? WithWriter(AccessList.Empty, author)
            : writes ? WithWriter(AccessList.Empty, isOwner ? author ?? self : self) : AccessList.Empty;

        // :: Step 2: the permissions afterwards. A writer who sets them remains a writer.
        var after = before;
        if (change is { Edits.Count: > 0 })
        {
            if (change.ApplyTo(before, NamedAt) is not { } changed)
            {
                return (null, new Invalid(InvalidReason.PrincipalNotThere));
            }

            after = writes && (caller.Principals.User is not null || !live) ? WithWriter(changed, self) : changed;
        }

        if (after.Length > options.MaxPrincipals && after.Length > before.Length)
        {
            return (null, new Invalid(InvalidReason.TooManyPrincipals, options.MaxPrincipals));
        }

        // :: Step 3: a bucket's author is not in its list. A writer who removes the author from the writers becomes the author.
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
                return (null, fault ?? new Invalid(InvalidReason.TooManyMembers, options.MaxGroupMembers));
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

        // :: Step 5: limits on what the owner keeps in memory and asks others for.
        var foreign = (after?.Indexed() ?? NoPrincipals).Where(IsForeign).Except(Heads.Acl?.ForeignGroups ?? [], StringComparer.Ordinal).ToList();
        if (foreign.Count > 0)
        {
            var named = Heads.Acl?.ForeignGroups ?? [];
            if (named.Count + foreign.Count > options.MaxForeignGroups)
            {
                named = await StillNamedAsync(named, cancellationToken);
                if (named.Count + foreign.Count > options.MaxForeignGroups)
                {
                    return (null, new Invalid(InvalidReason.TooManyForeignGroups, options.MaxForeignGroups));
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
    /// The stamp at which a group is named. A group of another bucket goes by that bucket's clock. This bucket's clock may lead, and a
    /// future stamp would also match a group that is created after the named one is deleted.
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
