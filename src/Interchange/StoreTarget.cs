using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>Writes what a file says to the stores. Nobody signs in with what it adds until the end.</summary>
internal sealed class StoreTarget : IExportTarget, IAsyncDisposable
{
    private readonly InterchangeStores stores;
    private readonly TimeProvider time;
    private readonly LocalPrincipals principals;
    private readonly AccountSets sets;
    private readonly BucketQueue buckets;
    private readonly bool resumes;
    private FilePlace place;

    /// <param name="stores">What is written to.</param>
    /// <param name="resumes">Whether buckets that are here already are from an earlier run, and stay.</param>
    /// <param name="time">The clock.</param>
    public StoreTarget(InterchangeStores stores, bool resumes, TimeProvider time)
    {
        (this.stores, this.resumes, this.time) = (stores, resumes, time);
        principals = new LocalPrincipals(stores);
        sets = new AccountSets(stores.Transfer, principals);
        buckets = new BucketQueue();
    }

    /// <summary>Whether a bucket was begun.</summary>
    public bool HasBuckets { get; private set; }

    /// <summary>Buckets that were left out: their users came while the file was written, and are not in it.</summary>
    public long Strangers => buckets.Strangers;

    /// <summary>Buckets that an earlier run had completed.</summary>
    public long Before => buckets.Before;

    /// <summary>See <see cref="LocalPrincipals.Dropped"/>.</summary>
    public long Dropped => principals.Dropped;

    public void Begin(FilePlace place) => this.place = place;

    public ValueTask AddAccountAsync(string name, string? passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken) =>
        sets.AddAsync(place, new HeldAccount(name, passwordHash ?? PasswordHash.None, modified, since, isDisabled), cancellationToken);

    public ValueTask AddRowAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?> row, CancellationToken cancellationToken) =>
        sets.AddAsync(place, table, columns, row, cancellationToken);

    public ValueTask AddStoreAsync(Assignment store, CancellationToken cancellationToken) => sets.AddAsync(place, store, cancellationToken);

    public async ValueTask AddQuotaAsync(string subject, long? bytes, long? records, CancellationToken cancellationToken)
    {
        await sets.FlushAsync(cancellationToken);
        if (await principals.OfQuotaAsync(subject, cancellationToken) is not { } here)
        {
            return;
        }

        var quota = new Quota(QuotaSubject.Parse(here) ?? throw new InterchangeException("its field 'subject' names none"), bytes, records);
        if (await stores.Quotas.FindAsync(quota.Subject, cancellationToken) is { } known)
        {
            if ((known.Bytes, known.Records) != (bytes, records))
            {
                throw new InterchangeException($"there is another quota for '{here}' here; remove it with 'quota remove'");
            }

            return;
        }

        if ((await stores.Quotas.PutAsync(quota, read: null, Quota.Most, ServerTimestamp.Now(time), cancellationToken)).Change != QuotaChange.Done)
        {
            throw new InterchangeException("there are too many quotas here, or somebody else has set this one");
        }
    }

    public async ValueTask BeginBucketAsync(ReadBucket bucket, CancellationToken cancellationToken)
    {
        if (!HasBuckets)
        {
            await sets.FlushAsync(cancellationToken);
        }

        HasBuckets = true;
        await buckets.BeginAsync(place, new BucketTarget(stores, principals, bucket, resumes), cancellationToken);
    }

    public ValueTask AddListAsync(ListHead list, ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken) =>
        buckets.AddAsync(place, acl?.Length ?? 0, target => target.AddListAsync(list, acl, cancellationToken), cancellationToken);

    public ValueTask AddRecordAsync(ListRef list, StoredRecord record, CancellationToken cancellationToken) =>
        buckets.AddAsync(place, record.Size, target => target.AddRecordAsync(list, record, cancellationToken), cancellationToken);

    public async ValueTask BeginFileAsync(Attachment file, CancellationToken cancellationToken) =>
        await (await buckets.NowAsync()).BeginFileAsync(file, cancellationToken);

    public async ValueTask AddPieceAsync(int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) =>
        await (await buckets.NowAsync()).AddPieceAsync(number, piece, cancellationToken);

    public async ValueTask EndFileAsync(CancellationToken cancellationToken) => await (await buckets.NowAsync()).EndFileAsync(cancellationToken);

    public ValueTask AddStandingAsync(ListRef? list, string principal, string id, ServerTimestamp stamp, CancellationToken cancellationToken) =>
        buckets.AddAsync(place, id.Length, target => target.AddStandingAsync(list, principal, id, stamp, cancellationToken), cancellationToken);

    public ValueTask EndBucketAsync(CancellationToken cancellationToken) => buckets.EndAsync(place, cancellationToken);

    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        await sets.FlushAsync(cancellationToken);
        await buckets.DrainAsync();

        // What another file, or 'syncstorage import', has begun would be opened half.
        if (await stores.Transfer.CountHeldAsync(cancellationToken) != sets.Held)
        {
            throw new InterchangeException("an import of another file, or 'syncstorage import', has not ended here; end that first");
        }

        await stores.Transfer.OpenAsync(cancellationToken);
    }

    /// <summary>Removes what was stored of a bucket that could not be completed.</summary>
    public ValueTask GiveUpAsync() => buckets.GiveUpAsync();

    /// <summary>Returns when nothing is written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await buckets.DisposeAsync();
        principals.Dispose();
    }
}
