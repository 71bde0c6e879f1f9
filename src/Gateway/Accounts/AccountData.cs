using System.Globalization;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// The data that an account has for Sync beside its own row: keys and devices with the stores of Sync 1.5, a login with the storage of Sync 1.1. It is deleted with
/// the account. A program that does not know this data leaves it behind when it deletes an account. It then stays: a missing row does not prove that somebody wanted
/// the data deleted.
/// </summary>
internal sealed class AccountData(
    IAccountStore accounts, IBuckets buckets, TimeProvider time, IKeyedAccountStore? keyed, IAssignmentStore? assignments, ILoginStore? logins)
{
    /// <summary>Can be repeated. The account itself stays.</summary>
    /// <exception cref="StoreUnavailableException">Some of it is still there.</exception>
    public async ValueTask DeleteAsync(long number)
    {
        if (keyed is not null && await keyed.FindByNumberAsync(number, CancellationToken.None) is { } account)
        {
            await DeleteKeyedAsync(number, account.Uid);
        }

        if (logins is not null && await logins.FindByNumberAsync(number, CancellationToken.None) is not null)
        {
            await DeleteLoginAsync(number);
        }
    }

    private async ValueTask DeleteKeyedAsync(long number, string uid)
    {
        if (assignments is null)
        {
            return;
        }

        var user = new UserIdentity(UserIdentity.Local, uid);
        while (await assignments.FindAsync(user, CancellationToken.None) is { Count: > 0 } stores)
        {
            // The first one in use is retired, which keeps the others out for good; its row goes with the account.
            if (!stores[0].IsRetired && !await assignments.EndAsync(stores[0], retire: true, ServerTimestamp.Now(time), CancellationToken.None))
            {
                continue;
            }

            foreach (var store in stores)
            {
                await accounts.CloseAsync(store.Number, CancellationToken.None);
                await assignments.NoteClosedAsync(store.Number, CancellationToken.None);
                if (store.Node == 0)
                {
                    await EmptyAsync(BucketId.SyncStorage(store.Number.ToString(CultureInfo.InvariantCulture)));
                    await assignments.ForgetAsync(store.Number, CancellationToken.None);
                }
            }

            break;
        }

        await keyed!.RemoveAsync(number, CancellationToken.None);
    }

    private async ValueTask DeleteLoginAsync(long number)
    {
        await EmptyAsync(BucketId.OldSyncStorage(number));
        await logins!.RemoveAsync(number, CancellationToken.None);
    }

    private async ValueTask EmptyAsync(BucketId storage)
    {
        var request = new BucketRequest(Caller.System, [new DeleteRecord(ObjectRef.Bucket)]);
        if ((await buckets.Get(storage).ExecuteAsync(request, CancellationToken.None)).Outcomes[0] is Unavailable unavailable)
        {
            throw new StoreUnavailableException($"The storage {storage} was not emptied: {unavailable.Reason}.");
        }
    }
}
