using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>Writes the contents of a user's buckets as they are stored, page by page.</summary>
internal sealed class ExportedBuckets(IBuckets buckets, IBucketIndex index, Utf8JsonWriter writer, PipeWriter output)
{
    private const int RecordsAtOnce = 500;
    private const long BytesAtOnce = 1 << 20;

    /// <summary>Writes the records of a Sync storage as an object, by collection.</summary>
    /// <exception cref="StoreUnavailableException">Not everything could be read.</exception>
    public async ValueTask WriteStorageAsync(string name, long number, CancellationToken cancellationToken)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        var user = new Principal("sync:" + text, text, text) { Ref = new AccountRef(number, ServerTimestamp.Zero) };
        var source = new Source(user, BucketId.SyncStorage(text));
        writer.WriteStartObject(name);
        if (await AskAsync(source, new ReadLists(Exact: false), cancellationToken) is ListsFound found)
        {
            foreach (var list in found.Lists)
            {
                await WriteListAsync(list.Name, source, ListRef.RecordsOf(list.Name), cancellationToken);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes an array of all buckets that a user made, the default bucket first, with their groups, collections and records.</summary>
    /// <exception cref="StoreUnavailableException">Not everything could be read.</exception>
    public async ValueTask WriteOwnAsync(string name, Principal owner, CancellationToken cancellationToken)
    {
        var own = BucketId.DefaultBucket(owner.DefaultBucket);
        writer.WriteStartArray(name);
        await WriteBucketAsync("default", new Source(owner, own), cancellationToken);
        PageCursor? last = null;
        bool more;
        do
        {
            var query = new ListQuery { Limit = RecordsAtOnce, Sort = [new SortField("id", Descending: false)], Cursor = last };
            var scan = new BucketScan(owner.Id, query, RecordsAtOnce) { Account = owner.Ref, Kind = BucketKind.Kinto };
            (_, var entries, more) = await index.ListByAuthorAsync(scan, cancellationToken);
            foreach (var entry in entries.Where(entry => entry.Id != own))
            {
                await WriteBucketAsync(entry.Id.Name, new Source(owner, entry.Id), cancellationToken);
            }

            last = entries.Count == 0 ? last : new PageCursor(entries[^1].Modified, entries[^1].Id.Name, PageCursor.Unbounded);
        }
        while (more);
        writer.WriteEndArray();
    }

    /// <summary>Writes nothing if the bucket does not exist, or no longer does.</summary>
    private async ValueTask WriteBucketAsync(string name, Source source, CancellationToken cancellationToken)
    {
        if (await AskAsync(source, new ReadRecord(ObjectRef.Bucket), cancellationToken) is not RecordFound { Record: var bucket })
        {
            return;
        }

        writer.WriteStartObject();
        WriteMembers(name, bucket);
        await WriteListAsync("groups", source, ListRef.Groups, cancellationToken);
        writer.WriteStartArray("collections");
        await foreach (var page in PagesAsync(source, ListRef.Collections, cancellationToken))
        {
            foreach (var collection in page.Records)
            {
                writer.WriteStartObject();
                WriteMembers(collection.Id, collection);
                await WriteListAsync("records", source, ListRef.RecordsOf(collection.Id), cancellationToken);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await FlushAsync(cancellationToken);
    }

    private async ValueTask WriteListAsync(string name, Source source, ListRef list, CancellationToken cancellationToken)
    {
        writer.WriteStartArray(name);
        await foreach (var page in PagesAsync(source, list, cancellationToken))
        {
            foreach (var record in page.Records)
            {
                writer.WriteStartObject();
                if (source.Bucket.Kind == BucketKind.Sync)
                {
                    WritePayload(record);
                }
                else
                {
                    WriteMembers(record.Id, record);
                }

                writer.WriteEndObject();
            }

            await FlushAsync(cancellationToken);
        }

        writer.WriteEndArray();
    }

    /// <summary>Writes the payload as a string, since it need not be JSON.</summary>
    private void WritePayload(StoredRecord record)
    {
        writer.WriteString("id", record.Id);
        writer.WriteNumber("modified", record.Modified.Milliseconds);
        writer.WriteString("payload", record.Body.Span);
        if (record.SortIndex is { } weight)
        {
            writer.WriteNumber("sortindex", weight);
        }
    }

    private void WriteMembers(string id, StoredRecord record)
    {
        writer.WriteString("id", id);
        writer.WriteNumber("modified", record.Modified.Milliseconds);
        writer.WritePropertyName("data");
        writer.WriteRawValue(record.Body.Span);
        if (AccessList.Read(record.Acl) is not { NamesNobody: false } access)
        {
            return;
        }

        writer.WriteStartObject("permissions");
        foreach (var right in Enum.GetValues<Right>().Where(right => access[right].Count > 0))
        {
            writer.WriteStartArray(PermissionNames.Of(right));
            foreach (var principal in access[right].Select(PrincipalText.Public).Distinct(StringComparer.Ordinal))
            {
                writer.WriteStringValue(principal);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private async IAsyncEnumerable<PageFound> PagesAsync(Source source, ListRef list, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PageCursor? cursor = null;
        do
        {
            // In order of ids, and each page shows the list as it is then: so records that change meanwhile are neither left out nor written twice.
            var query = new ListQuery { Limit = RecordsAtOnce, MaxBytes = BytesAtOnce, Sort = [new SortField("id", Descending: false)], Cursor = cursor };
            if (await AskAsync(source, new ListRecords(list, query), cancellationToken) is not PageFound page)
            {
                yield break;
            }

            yield return page;
            cursor = page.Next is { } next ? next with { ListStamp = PageCursor.Unbounded } : null;
        }
        while (cursor is not null);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    private async ValueTask<Outcome> AskAsync(Source source, Operation operation, CancellationToken cancellationToken)
    {
        var outcome = (await buckets.Get(source.Bucket).ExecuteAsync(new BucketRequest(Callers.Of(source.Owner, source.Bucket), [operation]), cancellationToken)).Outcomes[0];
        return outcome is Unavailable unavailable ? throw new StoreUnavailableException($"Not all could be read: {unavailable.Reason}.") : outcome;
    }

    /// <param name="Owner">The principal that reads.</param>
    /// <param name="Bucket">The bucket that is read.</param>
    private sealed record Source(Principal Owner, BucketId Bucket);
}
