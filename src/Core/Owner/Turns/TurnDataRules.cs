using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>
/// Judges data by the rules of its collection and its bucket. Invariants:
/// <list type="number">
/// <item>The rules are those of the turn: a rule that an earlier operation has changed applies to the next one.</item>
/// <item>Long work, reading a rule or judging by it, is done in one of <see cref="OwnerWork.Processors"/>, within what
/// <see cref="JudgedWork"/> leaves for all judgements of one request.</item>
/// </list>
/// </summary>
/// <param name="rules">The cached rules.</param>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="reader">Reads the objects that have rules.</param>
/// <param name="work">Places and memory for long work.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnDataRules(DataRuleCache rules, BucketHeads start, BucketDraft draft, TurnRows rows, OperationReader reader, OwnerWork work, TurnMemory memory)
{
    // From this size on, a judgement needs a place.
    private const int LargeBytes = 256 << 10;

    // The same for reading a rule, which takes some hundred times longer.
    private const int LongRuleBytes = 8 << 10;

    // Rules of objects that were changed in this turn, up to the size that one object's rule may have.
    private readonly Dictionary<ObjectRef, KnownRule> changedRules = [];
    private long changedBytes;

    // For the current request.
    private JudgedWork judged = new();

    private BucketHeads Heads => draft.Heads;

    // A list whose records have no rules, valid as long as the heads of buckets and collections are these two. Null for none.
    private (ListRef List, ListHead Bucket, ListHead Collections)? free;

    /// <summary>Starts the next request.</summary>
    public void BeginRequest() => judged = new JudgedWork();

    /// <summary>Whether it is known, without a read, that the data of a list's records has no rules. Most lists have none.</summary>
    public bool AsksNothing(ListRef list)
    {
        if (list.Role != ListRole.Records || !Heads[list].Exists)
        {
            return false;
        }

        var (bucket, collections) = (Heads[ListRef.Self], Heads[ListRef.Collections]);
        if (free is var (known, first, second) && known == list && ReferenceEquals(first, bucket) && ReferenceEquals(second, collections))
        {
            return true;
        }

        free = Known(ObjectRef.Bucket) is { Rule: null } && Known(ObjectRef.Collection(list.Name)) is { Rule: null } ? (list, bucket, collections) : null;
        return free is not null;
    }

    /// <returns>An object's rule, if it is known without a read; otherwise null.</returns>
    private KnownRule? Known(ObjectRef of)
    {
        var head = Heads[of.List];
        return !head.Exists ? KnownRule.Nothing
            : draft.Overlay.TryGet(head.Key, of.Id, out var changed) ? (changedRules.TryGetValue(of, out var said) && said.Said == changed.Modified ? said : null)
            : start[of.List].Key != head.Key ? KnownRule.Nothing
            : rules.TryGet(start, of, out var known) ? known : null;
    }

    /// <summary>Judges data by the rules of its collection and its bucket in this turn, and judges these rules themselves.</summary>
    /// <returns>Null if no place became free, or if somebody else has written meanwhile.</returns>
    public async ValueTask<DataVerdict?> JudgeAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, Caller caller, CancellationToken cancellationToken)
    {
        var role = target.List.Role;
        if (role is ListRole.Self or ListRole.Collections)
        {
            var (hasPlace, refusal) = await InPlaceAsync(body.Length, caller, () => rules.Rules.Refuse(role, body, rules.MaxSize, cancellationToken), cancellationToken);
            if (!hasPlace || refusal is not null)
            {
                return hasPlace ? new DataVerdict(refusal, body) : null;
            }
        }

        var verdict = new DataVerdict(null, body);
        if (role == ListRole.Self)
        {
            return verdict;
        }

        if (role == ListRole.Records)
        {
            var collection = ObjectRef.Collection(target.List.Name);
            if (!Heads[target.List].Exists)
            {
                // The collection is created with its first record.
                var implied = await JudgeByAsync(ObjectRef.Bucket, collection, RecordData.EmptyObject, caller, cancellationToken);
                if (implied is not { Refusal: null })
                {
                    return implied;
                }
            }

            verdict = await JudgeByAsync(collection, target, body, caller, cancellationToken);
        }

        return verdict is { Refusal: null } ? await JudgeByAsync(ObjectRef.Bucket, target, verdict.Data, caller, cancellationToken) : verdict;
    }

    private async ValueTask<DataVerdict?> JudgeByAsync(
        ObjectRef of, ObjectRef target, ReadOnlyMemory<byte> body, Caller caller, CancellationToken cancellationToken)
    {
        if (await RuleOfAsync(of, caller, cancellationToken) is not { } known)
        {
            return null;
        }

        if (known.Rule is not { } rule)
        {
            return new DataVerdict(null, body);
        }

        if (body.Length < LargeBytes && rule.Judge(target, body, known.Said, briefly: true, judged, cancellationToken) is { } brief)
        {
            return brief;
        }

        var user = TurnMemory.UserOf(caller);
        var (hasRun, verdict) = await work.RunAsync(
            user,
            () => rule.Judge(target, body, known.Said, briefly: false, judged, cancellationToken),
            () => JsonWeight.Of(body.Span),
            memory.HeldFor(user),
            cancellationToken);
        return hasRun ? verdict : null;
    }

    /// <returns>An object's rule, including changes of this turn; null if no place became free, or if somebody else has written meanwhile.</returns>
    private async ValueTask<KnownRule?> RuleOfAsync(ObjectRef of, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[of.List];
        if (!head.Exists)
        {
            return KnownRule.Nothing;
        }

        if (draft.Overlay.TryGet(head.Key, of.Id, out var changed))
        {
            if (!changedRules.TryGetValue(of, out var said) || said.Said != changed.Modified)
            {
                said = await ReadAsync(of, changed, caller, cancellationToken);
                KeepChanged(of, said);
            }

            return said;
        }

        if (start[of.List].Key != head.Key)
        {
            return KnownRule.Nothing;
        }

        if (rules.TryGet(start, of, out var known))
        {
            return known;
        }

        var row = await reader.Objects.FindAsync(of, Heads, draft.Overlay, cancellationToken);
        memory.Count(row?.Size ?? 0);
        if (row?.Modified > start[of.List].RowsModified)
        {
            // The turn is discarded with all its answers.
            rows.IsStale = true;
            return null;
        }

        known = await ReadAsync(of, row, caller, cancellationToken);
        if (known is not null)
        {
            rules.Remember(start, of, known);
        }

        return known;
    }

    private void KeepChanged(ObjectRef of, KnownRule? known)
    {
        changedBytes -= changedRules.Remove(of, out var former) ? former.Size : 0;
        if (known is null)
        {
            return;
        }

        if (changedBytes + known.Size > rules.MaxSize)
        {
            changedRules.Clear();
            changedBytes = 0;
        }

        changedRules[of] = known;
        changedBytes += known.Size;
    }

    /// <returns>Null if no place became free.</returns>
    private async ValueTask<KnownRule?> ReadAsync(ObjectRef of, StoredRecord? row, Caller caller, CancellationToken cancellationToken)
    {
        if (row is not { IsTombstone: false })
        {
            return KnownRule.Nothing;
        }

        var (hasPlace, rule) = await InPlaceAsync(row.Length, caller, () => rules.Rules.Read(of.List.Role, row.Body, rules.MaxSize, cancellationToken), cancellationToken);
        return hasPlace ? new KnownRule(rule, row.Modified) : null;
    }

    /// <summary>Reads an object's rule, in one of the places if it is long.</summary>
    /// <returns>The rule, unless no place became free.</returns>
    private async ValueTask<(bool HasPlace, T? Read)> InPlaceAsync<T>(long length, Caller caller, Func<T?> read, CancellationToken cancellationToken)
        where T : class
    {
        return length < LongRuleBytes ? (true, read()) : await work.RunAsync(TurnMemory.UserOf(caller), read, weigh: null, before: 0, cancellationToken);
    }
}
