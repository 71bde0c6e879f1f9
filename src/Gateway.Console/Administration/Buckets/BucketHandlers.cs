using System.Globalization;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Buckets;

/// <summary>
/// <c>/accounts/{account}/buckets</c>: what an account has stored. A bucket is named by its stored id: <c>b:team</c>, and <c>u:</c> with an id for the account's personal bucket.
/// Storages of Sync are shown with the first page. They are deleted with their account, not here.
/// </summary>
internal sealed class BucketHandlers(
    AccountDirectory accounts, IBucketIndex index, IBuckets buckets, IKeyedAccountStore keyed, IAssignmentStore assignments, ILoginStore logins, AuditTrail audit)
{
    private const int PageSize = 50;

    /// <summary>A page of the account's buckets in the order of their names, after the one in <c>after</c>.</summary>
    public async ValueTask<Answer> ListAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request, cancellationToken) is not var (account, owner))
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        var after = request.Parameter("after");
        var query = new ListQuery
        {
            Limit = PageSize, Sort = [new SortField("id", Descending: false)],
            Cursor = after is null ? null : new PageCursor(PageCursor.Unbounded, after, PageCursor.Unbounded),
        };
        var (_, entries, more) = await index.ListByAuthorAsync(new BucketScan(owner.Id, query, PageSize) { Account = account.Ref, Kind = BucketKind.Kinto }, cancellationToken);
        return AdministrationAnswers.Of(new
        {
            buckets = entries.Select(entry => new { id = entry.Id.Value, entry.Id.Name, isPersonal = entry.Id.IsDefaultBucket, modified = entry.Modified.Milliseconds }),
            storages = after is null ? (await StoragesAsync(account, cancellationToken)).Select(static id => id.Value) : [],
            next = more ? entries[^1].Id.Name : null,
        });
    }

    /// <summary>The collections of a bucket, with what they hold. Also of a storage of Sync.</summary>
    public async ValueTask<Answer> ShowAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request, cancellationToken) is not var (account, owner))
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        return await BucketOfAsync(request, account, owner, withStorages: true, cancellationToken) is not { } bucket
            ? ConsoleAnswers.Of(AdministrationErrors.NoBucket)
            : (await AskAsync(bucket, Callers.Of(owner, bucket), new ReadLists(Exact: false), cancellationToken)) switch
            {
                ListsFound found => AdministrationAnswers.Of(new
                {
                    id = bucket.Value,
                    modified = found.Stamp.Milliseconds,
                    collections = found.Lists.Select(static list => new { list.Name, records = list.Count, list.Bytes, modified = list.Stamp.Milliseconds }),
                }),
                Unavailable => ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) }),
                _ => ConsoleAnswers.Of(AdministrationErrors.NoBucket),
            };
    }

    /// <summary>Deletes a bucket with all that is in it. The bucket's name in the body confirms it.</summary>
    public async ValueTask<Answer> DeleteAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request, cancellationToken) is not var (account, owner))
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        if (await BucketOfAsync(request, account, owner, withStorages: false, cancellationToken) is not { } bucket)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoBucket);
        }

        if (request.Text("confirm") != bucket.Name)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NotConfirmed);
        }

        var outcome = await AskAsync(bucket, Callers.Of(owner, bucket), new DeleteRecord(ObjectRef.Bucket), cancellationToken);
        if (outcome is RecordDeleted)
        {
            audit.Write(AuditEvents.AdministratorDeletedBucket, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
        }

        return outcome switch
        {
            RecordDeleted => ConsoleAnswers.Nothing(),
            Unavailable => ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10), Message = "The database does not answer, and it is not known whether the bucket was deleted." }),
            _ => ConsoleAnswers.Of(AdministrationErrors.NoBucket),
        };
    }

    private async ValueTask<(Account Account, Principal Owner)?> FindAsync(ConsoleRequest request, CancellationToken cancellationToken) =>
        await accounts.FindByNameAsync(request.Inner.Values["account"], cancellationToken) is { } account ? (account, accounts.DelegateOf(account)) : null;

    /// <returns>The bucket that the path names; null if the account has no such bucket.</returns>
    private async ValueTask<BucketId?> BucketOfAsync(ConsoleRequest request, Account account, Principal owner, bool withStorages, CancellationToken cancellationToken)
    {
        var text = request.Inner.Values["bucket"];
        if (withStorages && (await StoragesAsync(account, cancellationToken)).FirstOrDefault(storage => storage.Value == text) is { Value: not null } storage)
        {
            return storage;
        }

        var id = text.StartsWith("u:", StringComparison.Ordinal) ? BucketId.DefaultBucket(text[2..]) : text.StartsWith("b:", StringComparison.Ordinal) ? BucketId.Named(text[2..]) : default;
        if (id.Value is null || id.Name.Length == 0)
        {
            return null;
        }

        var query = new ListQuery { Limit = 2, Ids = [id.Name] };
        var (_, entries, _) = await index.ListByAuthorAsync(new BucketScan(owner.Id, query, 2) { Account = account.Ref, Kind = BucketKind.Kinto }, cancellationToken);
        return entries.Any(entry => entry.Id == id) ? id : null;
    }

    /// <summary>The account's storages of Sync that are in use.</summary>
    private async ValueTask<IReadOnlyList<BucketId>> StoragesAsync(Account account, CancellationToken cancellationToken)
    {
        var found = new List<BucketId>();
        if (await keyed.FindByNumberAsync(account.Number, cancellationToken) is { } guarded)
        {
            var stores = await assignments.FindAsync(new UserIdentity(UserIdentity.Local, guarded.Uid), cancellationToken);
            found.AddRange(stores.Take(1).Where(static store => store is { Replaced: null, IsRetired: false, Node: 0 })
                .Select(static store => BucketId.SyncStorage(store.Number.ToString(CultureInfo.InvariantCulture))));
        }

        if (await logins.FindByNumberAsync(account.Number, cancellationToken) is not null)
        {
            found.Add(BucketId.OldSyncStorage(account.Number));
        }

        return found;
    }

    private async ValueTask<Outcome> AskAsync(BucketId bucket, Caller caller, Operation operation, CancellationToken cancellationToken) =>
        (await buckets.Get(bucket).ExecuteAsync(new BucketRequest(caller, [operation]), cancellationToken)).Outcomes[0];
}
