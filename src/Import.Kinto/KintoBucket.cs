using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>Imports one bucket.</summary>
internal sealed class KintoBucket(
    IKintoSource source, IBucketStore store, KintoImportRules rules, KintoRights rights, KintoOthers others, KintoTally tally, TimeProvider time,
    IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)> counts, ISet<(string Parent, string Kind)> left)
{
    private readonly SortedSet<string> foreign = new(StringComparer.Ordinal);
    private readonly List<(ListRef List, string Path, ListDigest Digest)> digests = [];
    private BucketRestore restore = null!;
    private PrincipalSet? author;
    private string? owner;
    private string id = "";
    private string path = "";
    private ServerTimestamp latest;
    private CancellationToken cancellation;

    /// <param name="bucket">The bucket's own object. Nothing of a deleted bucket is imported.</param>
    /// <param name="defaultOf">The principal whose default bucket it is; null for a bucket that somebody named.</param>
    /// <param name="target">The bucket here that a default bucket becomes; null for a named bucket, or if the owner is not here.</param>
    /// <param name="onProgress">Called after each commit.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task ImportAsync(KintoObject bucket, string? defaultOf, BucketId? target, Action<KintoTally> onProgress, CancellationToken cancellationToken)
    {
        if (bucket.IsTombstone)
        {
            return;
        }

        left.Remove(("", KintoKind.Bucket));
        (id, path, owner, cancellation) = (bucket.Id, $"/buckets/{bucket.Id}", defaultOf, cancellationToken);
        var collections = await source.ReadShortAsync(path, KintoKind.Collection, $"{path}/collections/", cancellationToken);

        // :: Step 1: whether it can be imported.
        if (!rules.IsId(id) || (defaultOf is not null && target is null) || DataOf(bucket) is not { } data)
        {
            tally.Buckets.Refused++;
            tally.Note(defaultOf is not null && target is null ? $"{path}: not imported, it is the default bucket of {defaultOf}, who is not here" : $"{path}: not imported, its id or its data cannot be here");
            Whole(collections, static (count, objects) => count.Refused += objects);
            return;
        }

        var key = target ?? BucketId.Named(id);
        var begun = await BucketRestore.BeginAsync(store, key, time, rows => { tally.Stored += rows; onProgress(tally); }, cancellationToken);
        if (begun is null)
        {
            tally.Buckets.Before++;
            Whole(collections, static (count, objects) => count.Before += objects);
            await CompareAsync(key, collections);
            return;
        }

        restore = begun;
        var entries = (await source.ReadEntriesAsync([path], cancellationToken)).GetValueOrDefault(path) ?? [];
        author = owner is null ? rights.AuthorOf(entries) : rights.UserOf(owner);

        // :: Step 2: its contents.
        var groups = await source.ReadShortAsync(path, KintoKind.Group, $"{path}/groups/", cancellationToken);
        await CopyAsync(ListRef.Groups, path, KintoKind.Group, $"{path}/groups/", tally.Groups, ToAsync(groups));
        await CopyAsync(ListRef.Collections, path, KintoKind.Collection, $"{path}/collections/", tally.Collections, ToAsync(collections));
        foreach (var collection in collections.Where(one => !one.IsTombstone && rules.IsId(one.Id) && DataOf(one) is not null))
        {
            var parent = $"{path}/collections/{collection.Id}";
            await CopyAsync(ListRef.RecordsOf(collection.Id), parent, KintoKind.Record, $"{parent}/records/", tally.Records, source.ReadRecordsAsync(parent, cancellationToken));
        }

        RefuseRecords(collections);
        await KeepStampsAsync();

        await others.LearnAsync(entries, cancellationToken);

        // :: Step 3: compare and finish. A bucket that is stored in one commit is compared after it. Others are compared before they get an owner.
        var access = owner is null ? rights.Read(ListRole.Self, path, entries, author, foreign, id) : null;
        if (owner is not null)
        {
            rights.DropShared(path, entries, owner);
        }

        var isLarge = restore.IsBegun;
        if (isLarge)
        {
            await restore.FlushAsync();
            await CompareListsAsync();
        }

        await restore.EndAsync(
            new StoredRecord { Id = ObjectRef.Bucket.Id, Modified = StampOf(bucket), Body = data },
            author,
            foreign.Count == 0 ? access : (access ?? AccessList.Empty).WithForeignGroups(foreign));
        if (!isLarge)
        {
            await CompareListsAsync();
        }

        tally.Buckets.Imported++;
        Remark(collections.Count);
        onProgress(tally);
    }

    private static async IAsyncEnumerable<KintoObject> ToAsync(IReadOnlyList<KintoObject> objects)
    {
        foreach (var one in objects)
        {
            yield return one;
        }

        await Task.CompletedTask;
    }

    private static ServerTimestamp StampOf(KintoObject one) => ServerTimestamp.Max(one.Modified, new ServerTimestamp(1));

    /// <summary>An object's data as it is stored; null if it cannot be stored here.</summary>
    private ReadOnlyMemory<byte>? DataOf(KintoObject one)
    {
        try
        {
            using var document = JsonText.Parse(one.Data);
            return document.RootElement.ValueKind == JsonValueKind.Object && RecordData.From(document.RootElement) is { } data && data.Body.Length <= rules.MaxRecordBytes ? data.Body : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task CopyAsync(ListRef list, string parent, string kind, string prefix, KintoCount count, IAsyncEnumerable<KintoObject> objects)
    {
        left.Remove((parent, kind));
        var last = restore.IsResumed ? await restore.LastAsync(list, cancellation) : null;
        var (digest, read) = (default(ListDigest), 0L);
        await foreach (var one in objects)
        {
            read++;
            var of = one.IsTombstone ? tally.Tombstones : count;
            var data = one.IsTombstone ? default(ReadOnlyMemory<byte>?) : DataOf(one);
            if (!rules.IsId(one.Id) || (data is null && !one.IsTombstone))
            {
                of.Refused++;
                tally.Note($"{prefix}{one.Id}: not imported, its id or its data cannot be here");
                continue;
            }

            var stamp = StampOf(one);
            digest = digest.With(one.Id, stamp, one.IsTombstone);
            latest = ServerTimestamp.Max(latest, stamp);
            of.Imported++;
            if (one.IsTombstone)
            {
                if (!IsStored(one.Id))
                {
                    await restore.AddAsync(list, StoredRecord.Tombstone(one.Id, stamp, author: null), access: null);
                }

                continue;
            }

            await others.LearnAsync(one.Entries, cancellation);
            var access = AccessOf(list.Role, prefix + one.Id, one, data!.Value);
            if (!IsStored(one.Id))
            {
                await restore.AddAsync(list, new StoredRecord { Id = one.Id, Modified = stamp, Body = data.Value }, access);
            }
        }

        if (counts.GetValueOrDefault((parent, kind)) is var (live, tombstones) && read != live + tombstones)
        {
            throw new KintoException(FormattableString.Invariant($"{prefix} has {live + tombstones} objects there, and {read} were read. Stop Kinto, and run the import again."));
        }

        digests.Add((list, prefix, digest));

        bool IsStored(string one) => last is not null && string.CompareOrdinal(one, last) <= 0;
    }

    private AccessList? AccessOf(ListRole role, string of, KintoObject one, ReadOnlyMemory<byte> data)
    {
        AccessList? access = null;
        if (owner is null)
        {
            access = rights.Read(role, of, one.Entries, author, foreign, id);
        }
        else
        {
            rights.DropShared(of, one.Entries, owner);
        }

        if (role != ListRole.Groups)
        {
            return access;
        }

        var members = GroupMembers.Read(data, out var fault);
        if (fault is not null)
        {
            tally.Note($"{of}: nobody is in the group: {(fault.Reason == InvalidReason.MemberNoUser ? $"'{fault.Detail}' is not a valid user ID." : "should be a list of principals")}");
        }

        return (access ?? (author?.Stored is { } own ? AccessList.Empty.With(Right.Write, [own]) : AccessList.Empty)).WithMembers(rights.Members(of, members), ServerTimestamp.Zero);
    }

    /// <summary>Counts the records of collections that cannot be imported.</summary>
    private void RefuseRecords(IReadOnlyList<KintoObject> collections)
    {
        foreach (var collection in collections.Where(static one => !one.IsTombstone))
        {
            var list = ($"{path}/collections/{collection.Id}", KintoKind.Record);
            if (left.Remove(list))
            {
                Add(list, static (count, objects) => count.Refused += objects);
            }
        }
    }

    /// <summary>Keeps the stamps that lists had there, even if a list is empty or its newest object was purged.</summary>
    private async Task KeepStampsAsync()
    {
        var copied = digests.Select(static digest => digest.List).ToHashSet();
        foreach (var (of, stamp) in await source.ReadStampsAsync(path, cancellation))
        {
            var list = of.Kind switch
            {
                KintoKind.Collection when of.Parent == path => ListRef.Collections,
                KintoKind.Group when of.Parent == path => ListRef.Groups,
                KintoKind.Record when of.Parent.StartsWith(path + "/collections/", StringComparison.Ordinal) => ListRef.RecordsOf(of.Parent[(path.Length + "/collections/".Length)..]),
                _ => default(ListRef?),
            };
            if (list is { } known && copied.Contains(known))
            {
                restore.SetStamp(known, stamp);
                latest = ServerTimestamp.Max(latest, stamp);
            }
        }
    }

    private async Task CompareListsAsync()
    {
        foreach (var (list, prefix, there) in digests)
        {
            var here = await restore.DigestAsync(list, cancellation);
            if (here != there)
            {
                if (restore.IsResumed)
                {
                    await restore.RemoveAsync();
                }

                throw new KintoException(FormattableString.Invariant(
                    $"{prefix} has {there.Live} objects and {there.Tombstones} tombstones there, and {here.Live} and {here.Tombstones} here, or other stamps. Where an earlier run was cut off Kinto has changed since; what that one had stored of the bucket is removed. Stop Kinto, and run the import again."));
            }
        }
    }

    /// <summary>Notes a bucket that was here before with fewer records than would be imported. It may belong to somebody who took the name first.</summary>
    private async Task CompareAsync(BucketId key, IReadOnlyList<KintoObject> collections)
    {
        var heads = await store.LoadAsync(key, claim: false, cancellation);
        var here = heads?.Lists.Values.Where(static list => list.List.Role == ListRole.Records).Sum(static list => list.Count) ?? 0;
        var there = collections.Where(static one => !one.IsTombstone).Sum(one => counts.GetValueOrDefault(($"{path}/collections/{one.Id}", KintoKind.Record)).Live);
        if (here < there)
        {
            tally.BucketsShort++;
            tally.Note(FormattableString.Invariant($"{path}: here before, with {here} records; {there} are there. If the bucket here is another one, delete it, and run the import again"));
        }
    }

    private void Remark(int collections)
    {
        if (latest > ServerTimestamp.Now(time))
        {
            tally.Note($"{path}: its newest stamp is {latest}, which is yet to come. What is written next goes on from there, as it did there");
        }

        if (foreign.Count > rules.MaxForeignGroups)
        {
            tally.Note(FormattableString.Invariant($"{path}: {foreign.Count} groups of other buckets are named; no more than {rules.MaxForeignGroups} may be from now on (Buckets:Access:MaxForeignGroups)"));
        }

        if (collections > rules.MaxCollections)
        {
            tally.Note(FormattableString.Invariant($"{path}: has {collections} collections; none can be made from {rules.MaxCollections} on"));
        }
    }

    /// <summary>Counts everything in the bucket in the same way.</summary>
    private void Whole(IReadOnlyList<KintoObject> collections, Action<KintoCount, long> add)
    {
        IEnumerable<(string, string)> lists = [(path, KintoKind.Group), (path, KintoKind.Collection), .. collections.Where(static one => !one.IsTombstone).Select(one => ($"{path}/collections/{one.Id}", KintoKind.Record))];
        foreach (var list in lists.Where(left.Remove))
        {
            Add(list, add);
        }
    }

    private void Add((string Parent, string Kind) list, Action<KintoCount, long> add)
    {
        var (live, tombstones) = counts.GetValueOrDefault(list);
        add(list.Kind == KintoKind.Record ? tally.Records : list.Kind == KintoKind.Group ? tally.Groups : tally.Collections, live);
        add(tally.Tombstones, tombstones);
    }
}
