using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>Writes what a file says of one bucket to the stores. What it cannot take is an <see cref="InterchangeException"/>.</summary>
/// <param name="stores">What is written to.</param>
/// <param name="principals">Who comes along.</param>
/// <param name="bucket">The line that the bucket begins with.</param>
/// <param name="resumes">Whether a bucket that is here already is from an earlier run, and stays.</param>
internal sealed class BucketTarget(InterchangeStores stores, LocalPrincipals principals, ReadBucket bucket, bool resumes)
{
    private BucketId id;
    private BucketCopy? copy;
    private Attachment? file;

    public BucketName Name => bucket.Name;

    /// <summary>Whether it is left out: its user came while the file was written, and is not in it.</summary>
    public bool IsOfStranger { get; private set; }

    /// <summary>Whether an earlier run had completed it.</summary>
    public bool WasHere { get; private set; }

    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(bucket.Name, cancellationToken) is not { } here)
        {
            IsOfStranger = true;
            return;
        }

        id = here;

        // A bucket that was deleted looks like none to whoever writes it, but its clock would go on.
        var found = await stores.Buckets.LoadAsync(id, claim: false, cancellationToken) ?? BucketHeads.Unwritten(id);
        var isHere = resumes && found.Version > 0 && found.Clock >= bucket.Clock && !BucketRestore.IsUnfinished(found) && found.Exists == bucket.Exists;
        copy = isHere ? null : await BucketCopy.BeginAsync(stores.Buckets, found);
        if (copy is not null)
        {
            return;
        }

        if (!isHere)
        {
            throw new InterchangeException($"{bucket.Name} is here already{(resumes ? ", and is older than that of the file" : "; if an earlier run of this import was cut off, add --resume")}");
        }

        WasHere = true;
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

    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (copy is null)
        {
            return;
        }

        var (author, number) = (bucket.Author, default(long?));
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
                return await principals.StoreOfAsync(new UserIdentity(name.Issuer, name.Id), cancellationToken) is { } store ? BucketId.SyncStorage(FormattableString.Invariant($"{store}")) : default(BucketId?);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> MapAsync(ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken) =>
        acl is { } rights ? await AclText.MapAsync(rights, principal => principals.OfAsync(principal, cancellationToken)) : null;
}
