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
/// What an account has for Sync beside its own row: keys and devices with the stores of Sync 1.5, a login with the storage of Sync 1.1. It goes with the account; and what
/// a program has left there that deletes accounts and knows nothing of it is looked for, some accounts each time.
/// </summary>
internal sealed class AccountData(
    IAccountStore accounts, IBuckets buckets, TimeProvider time, IKeyedAccountStore? keyed, IAssignmentStore? assignments, ILoginStore? logins)
{
    private const int SweptAtOnce = 500;

    // The last account that was looked at.
    private long sweptKeyed;
    private long sweptLogins;

    /// <summary>Can be done again. The account itself stays.</summary>
    /// <exception cref="StoreUnavailableException">Not all is gone.</exception>
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

    /// <summary>Looks at some accounts' data, and removes that of accounts that are gone.</summary>
    /// <exception cref="StoreUnavailableException">Not all of it was removed. It is looked at again once all others have been.</exception>
    public async ValueTask SweepAsync(CancellationToken cancellationToken)
    {
        StoreUnavailableException? away = null;
        if (keyed is not null)
        {
            var (left, last) = await keyed.FindLeftBehindAsync(sweptKeyed, SweptAtOnce, cancellationToken);
            foreach (var (number, uid) in left)
            {
                away = await RemoveAsync(number, () => DeleteKeyedAsync(number, uid)) ?? away;
            }

            sweptKeyed = last ?? 0;
        }

        if (logins is not null)
        {
            var (left, last) = await logins.FindLeftBehindAsync(sweptLogins, SweptAtOnce, cancellationToken);
            foreach (var number in left)
            {
                away = await RemoveAsync(number, () => DeleteLoginAsync(number)) ?? away;
            }

            sweptLogins = last ?? 0;
        }

        if (away is not null)
        {
            throw new StoreUnavailableException("What an account left behind was not removed.", away);
        }
    }

    private async ValueTask<StoreUnavailableException?> RemoveAsync(long number, Func<ValueTask> delete)
    {
        try
        {
            // The program that deleted the account need not have done it.
            await accounts.CloseAsync(number, CancellationToken.None);
            await delete();
            return null;
        }
        catch (StoreUnavailableException e)
        {
            return e;
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
