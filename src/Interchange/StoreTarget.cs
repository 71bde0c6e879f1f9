using System.Globalization;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>Writes what a file says to the stores. Nobody signs in with what it adds until the end.</summary>
/// <param name="stores">What is written to.</param>
/// <param name="resumes">Whether buckets that are here already are from an earlier run, and stay.</param>
/// <param name="time">The clock.</param>
internal sealed class StoreTarget(InterchangeStores stores, bool resumes, TimeProvider time) : IExportTarget
{
    private readonly LocalPrincipals principals = new(stores);
    private long account;
    private ReadBucket? bucket;
    private BucketId id;
    private BucketCopy? copy;
    private Attachment? file;
    private (long Accounts, long Stores) held;

    /// <summary>Whether a bucket was begun.</summary>
    public bool HasBuckets => bucket is not null;

    /// <summary>Buckets that were left out: their users came while the file was written, and are not in it.</summary>
    public long Strangers { get; private set; }

    /// <summary>Buckets that an earlier run had completed.</summary>
    public long Before { get; private set; }

    /// <summary>See <see cref="LocalPrincipals.Dropped"/>.</summary>
    public long Dropped => principals.Dropped;

    public async ValueTask AddAccountAsync(string name, string? passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken)
    {
        account = await stores.Transfer.HoldAccountAsync(name, passwordHash ?? PasswordHash.None, modified, since, isDisabled, cancellationToken)
            ?? throw new InterchangeException($"there is an account '{name}' here; remove or rename it, or export the others one by one");
        held.Accounts++;
    }

    public async ValueTask AddRowAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?> row, CancellationToken cancellationToken)
    {
        if (!await stores.Transfer.AddAsync(table, columns, account, row, cancellationToken))
        {
            throw new InterchangeException($"what it names is somebody's here, in the table '{table}'");
        }
    }

    public async ValueTask AddStoreAsync(Assignment store, CancellationToken cancellationToken)
    {
        if (await stores.Transfer.HoldStoreAsync(store, cancellationToken) is null)
        {
            throw new InterchangeException($"the user '{store.User.Subject}' has, or had, a Sync storage here");
        }

        held.Stores++;
    }

    public async ValueTask AddQuotaAsync(string subject, long? bytes, long? records, CancellationToken cancellationToken)
    {
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
        this.bucket = bucket;
        if (await FindAsync(bucket.Name, cancellationToken) is not { } here)
        {
            copy = null;
            Strangers++;
            return;
        }

        id = here;

        // A bucket that was deleted looks like none to whoever writes it, but its clock would go on.
        var found = await stores.Buckets.LoadAsync(id, claim: false, cancellationToken);
        var isHere = resumes && found is not null && found.Clock >= bucket.Clock && !BucketRestore.IsUnfinished(found) && found.Exists == bucket.Exists;
        copy = isHere ? null : await BucketCopy.BeginAsync(stores.Buckets, id, cancellationToken);
        if (copy is not null)
        {
            return;
        }

        if (!isHere)
        {
            throw new InterchangeException($"{bucket.Name} is here already{(resumes ? ", and is older than that of the file" : "; if an earlier run of this import was cut off, add --resume")}");
        }

        Before++;
    }

    public async ValueTask AddListAsync(ListHead list, ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken)
    {
        if (copy is not null)
        {
            copy.Add(list with { Acl = AccessList.Read(await MapAsync(acl, cancellationToken)) });
        }
    }

    public async ValueTask AddRecordAsync(ListRef list, StoredRecord record, CancellationToken cancellationToken)
    {
        if (copy is not null)
        {
            await copy.AddAsync(list, record with { Acl = await MapAsync(record.Acl, cancellationToken), Author = record.Author ?? ExportFormat.OwnerOf(id) });
        }
    }

    public async ValueTask BeginFileAsync(Attachment file, CancellationToken cancellationToken)
    {
        if (copy is null)
        {
            return;
        }

        this.file = new Attachment(file.Id, id, file.Collection, file.Record, file.Created) { FileName = file.FileName, MediaType = file.MediaType, Size = file.Size, Hash = file.Hash };
        if (await stores.Files.FindAsync(file.Id, cancellationToken) is { } known && known.Bucket != id)
        {
            throw new InterchangeException("there is a file of this id here, in another bucket");
        }

        // The claim first: a file that nobody claims is removed by a server that runs, since it goes by when the file was made.
        await copy.FlushAsync();

        // Of an earlier run.
        await stores.Contents[0].RemoveAsync(file.Id, cancellationToken);
        await stores.Files.RemoveAsync(file.Id, cancellationToken);
        await stores.Files.AddAsync(this.file with { Size = null, Hash = "" }, cancellationToken);
    }

    public async ValueTask AddPieceAsync(int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (copy is not null)
        {
            await stores.Contents[0].AppendAsync(file!.Id, number, piece, cancellationToken);
        }
    }

    public async ValueTask EndFileAsync(CancellationToken cancellationToken)
    {
        if (copy is not null)
        {
            await stores.Contents[0].EndAsync(file!.Id, cancellationToken);
            await stores.Files.EndAsync(file.Id, file.Size!.Value, file.Hash, cancellationToken);
        }
    }

    public async ValueTask AddStandingAsync(ListRef? list, string principal, string id, ServerTimestamp stamp, CancellationToken cancellationToken)
    {
        if (copy is not null && await principals.OfAsync(principal, cancellationToken) is { } here)
        {
            copy.AddChange(list, here, id, stamp);
        }
    }

    public async ValueTask EndBucketAsync(CancellationToken cancellationToken)
    {
        if (copy is null)
        {
            return;
        }

        var (author, number) = (bucket!.Author, default(long?));
        if (author is not null && PrincipalText.IsAccount(author))
        {
            number = await principals.NumberOfAsync(author, cancellationToken);
            author = number is null ? null : author;
        }
        else if (bucket.Name.Kind is BucketName.Sync or BucketName.OldSync)
        {
            author = bucket.Exists ? author ?? ExportFormat.OwnerOf(id) : null;
            number = author is null ? null : long.Parse(id.Name, CultureInfo.InvariantCulture);
        }

        await copy.EndAsync(BucketHeads.Unwritten(id) with { Clock = bucket.Clock, Base = bucket.Base, Exists = bucket.Exists, Author = author, AuthorNumber = number });
        copy = null;
    }

    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        // What another file, or 'syncstorage import', has begun would be opened half.
        if (await stores.Transfer.CountHeldAsync(cancellationToken) != held)
        {
            throw new InterchangeException("an import of another file, or 'syncstorage import', has not ended here; end that first");
        }

        await stores.Transfer.OpenAsync(cancellationToken);
    }

    /// <summary>Removes what was stored of a bucket that could not be completed.</summary>
    public async ValueTask GiveUpAsync()
    {
        if (copy is not null)
        {
            await copy.RemoveAsync();
        }
    }

    /// <returns>Null where its user is not in the file.</returns>
    private async ValueTask<BucketId?> FindAsync(BucketName name, CancellationToken cancellationToken)
    {
        switch (name.Kind)
        {
            case BucketName.Named:
                return BucketId.Named(name.Id);
            case BucketName.Default:
                return await principals.DefaultBucketOfAsync(ExportFormat.DefaultBucket + Uri.EscapeDataString(name.Id), cancellationToken) is { } own ? BucketId.DefaultBucket(own) : default(BucketId?);
            case BucketName.OldSync:
                return await principals.NumberOfAsync("account:" + name.Id, cancellationToken) is { } number ? BucketId.OldSyncStorage(number) : default(BucketId?);
            default:
                return await stores.Transfer.FindHeldAsync(new UserIdentity(name.Issuer, name.Id), cancellationToken) is { } store ? BucketId.SyncStorage(FormattableString.Invariant($"{store}")) : default(BucketId?);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> MapAsync(ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken) =>
        acl is { } rights ? await AclText.MapAsync(rights, principal => principals.OfAsync(principal, cancellationToken)) : null;
}
