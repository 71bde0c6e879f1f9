using System.Globalization;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Import.ServerFull;

/// <summary>
/// Takes over users of server-full with all that they have stored, one after the other. Invariants:
/// <list type="number">
/// <item>A user comes whole or not at all: until all their records are there and counted, their login has no password that opens it and no address.</item>
/// <item>What somebody has here is never changed. Only what an earlier run has begun and not ended is done anew; so the import can be run again whenever it was cut off.</item>
/// <item>Records keep ids, stamps, weights and the instants at which they expire, so that devices notice nothing.</item>
/// </list>
/// </summary>
public sealed class ServerFullImport(
    ServerFullDatabase users, ServerFullDatabase storage, ILoginStore logins, IBucketStore buckets, ImportRules rules, ImportOptions options, TimeProvider time)
{
    private const int RecordsAtOnce = 1_000;
    private const int BytesAtOnce = 4 << 20;

    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    /// <param name="onProgress">Hears how far it has come, after each commit.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ServerFullException">There are no such tables, or other records are here than there.</exception>
    /// <exception cref="StoreUnavailableException">The database here failed; the import can be run again.</exception>
    public async Task<ImportTally> RunAsync(Action<ImportTally> onProgress, CancellationToken cancellationToken)
    {
        if (!users.HasUsers || !storage.HasRecords)
        {
            throw new ServerFullException(users.HasUsers
                ? "The database of the storage has no table 'wbo'."
                : "The database of the users has no table 'user'. Where they lie in one called 'users', run migrations/auth.sql_to_user.sql_migration.txt of server-core on a copy first.");
        }

        var everybody = await users.ReadUsersAsync(cancellationToken);
        var counts = await storage.CountRecordsAsync(cancellationToken);
        var tally = new ImportTally { Users = everybody.Count, Records = counts.Values.Sum() };
        tally.RecordsOfNobody = tally.Records - everybody.Sum(user => counts.GetValueOrDefault(user.Id));
        foreach (var user in everybody)
        {
            await ImportAsync(user, counts.GetValueOrDefault(user.Id), tally, onProgress, cancellationToken);
            onProgress(tally);
        }

        return tally;
    }

    private async Task ImportAsync(ServerFullUser user, long count, ImportTally tally, Action<ImportTally> onProgress, CancellationToken cancellationToken)
    {
        // :: Step 1: whether they can come. Clients send names in small letters, and MySQL does not tell these from others.
        var name = user.Name.ToLowerInvariant();
        if ((rules.IsUser(name), user.IsOpen) is not (true, true))
        {
            Refuse(user.IsOpen ? "there can be no user of that name here" : "the account was closed there (accountStatus)");
            return;
        }

        if (!seen.Add(name))
        {
            Refuse("another user there has the same name in other letters");
            return;
        }

        // :: Step 2: a login that opens nothing yet.
        var login = await logins.FindAsync(name, cancellationToken);
        if (login is null)
        {
            var now = ServerTimestamp.Now(time);
            var account = rules.AccountOf(name, user.Mail);
            var made = new AccountLogin(new Account(0, account, PasswordHash.None, now, IsBeingDeleted: false), name, AccountLogin.Pending) { QuotaBytes = options.QuotaBytes };
            login = await logins.AddAsync(made, invitation: null, now, cancellationToken);
            if (login is null)
            {
                Refuse(account == name ? "an account here has the name" : "an account here has their address as its name");
                return;
            }
        }
        else if (!login.IsPending)
        {
            tally.UsersHere++;
            tally.RecordsOfOthers += count;
            await CompareAsync(user, login, count, tally, cancellationToken);
            return;
        }

        // :: Step 3: what they have stored, and whether all of it is there.
        await CopyAsync(user, login, count, tally, onProgress, cancellationToken);

        // :: Step 4: from now on they can sign in.
        var hash = FormerHash.Parse(user.Password);
        if (hash is null)
        {
            tally.Note($"{name}: the hash of the password is of no kind that is known. Set a password with: account password {login.Account.Name}");
        }

        var next = login with { PasswordHash = hash?.Wrap(options.HashIterations) ?? PasswordHash.None, Email = user.Mail, QuotaBytes = options.QuotaBytes };
        if (await logins.ChangeAsync(login, next, cancellationToken) is null)
        {
            throw new StoreUnavailableException($"The account of {name} was changed or deleted while it was imported.");
        }

        tally.UsersImported++;

        void Refuse(string why)
        {
            tally.UsersRefused++;
            tally.RecordsOfOthers += count;
            tally.Note($"{user.Name}: not imported, {why}");
        }
    }

    /// <summary>Notes a user who was here before with fewer records than would come: what is here may be another's, who took the name first.</summary>
    private async Task CompareAsync(ServerFullUser user, AccountLogin login, long count, ImportTally tally, CancellationToken cancellationToken)
    {
        // :: Step 1: without looking at records, of which some may have expired.
        var heads = await buckets.LoadAsync(BucketId.OldSyncStorage(login.Account.Number), claim: false, cancellationToken);
        var here = heads?.Lists.Values.Where(static list => list.List.Role == ListRole.Records).Sum(static list => list.Count) ?? 0;
        if (here >= count)
        {
            return;
        }

        // :: Step 2: by those that would come.
        var names = await storage.ReadCollectionsAsync(user.Id, options.Collections, cancellationToken);
        var now = ServerTimestamp.Now(time);
        var coming = 0L;
        await foreach (var (collection, record) in storage.ReadRecordsAsync(user.Id, now, cancellationToken))
        {
            coming += record.IsAlive(now) && IsTaken(names, collection, record) ? 1 : 0;
        }

        if (here < coming)
        {
            tally.UsersShort++;
            tally.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{login.Name}: here before, with {here} records; {coming} are there. If the account here is not theirs, remove it with 'account remove {login.Account.Name}', and run the import again"));
        }
    }

    private bool IsTaken(IReadOnlyDictionary<long, string> names, long collection, StoredRecord record) =>
        names.TryGetValue(collection, out var name) && rules.IsCollection(name) && rules.IsRecord(record.Id);

    private async Task CopyAsync(ServerFullUser user, AccountLogin login, long count, ImportTally tally, Action<ImportTally> onProgress, CancellationToken cancellationToken)
    {
        var number = login.Account.Number;
        var principals = new PrincipalSet(string.Create(CultureInfo.InvariantCulture, $"sync11:{number}")) { Account = login.Account.Ref };
        var import = await BucketImport.BeginAsync(buckets, BucketId.OldSyncStorage(number), new Caller(principals, BucketAccess.Own), time, cancellationToken);
        var names = await storage.ReadCollectionsAsync(user.Id, options.Collections, cancellationToken);
        var now = ServerTimestamp.Now(time);
        var latest = new ServerTimestamp(now.Milliseconds / 10 * 10);
        var (read, stored, refused) = (0L, 0L, 0L);
        var (pending, bytes) = (new List<(ListRef, StoredRecord)>(), 0L);
        await foreach (var (collection, record) in storage.ReadRecordsAsync(user.Id, latest, cancellationToken))
        {
            read++;
            if (!record.IsAlive(now))
            {
                tally.RecordsExpired++;
            }
            else if (!IsTaken(names, collection, record))
            {
                refused++;
            }
            else
            {
                pending.Add((ListRef.RecordsOf(names[collection]), record));
                bytes += record.Length;
                if (pending.Count >= RecordsAtOnce || bytes >= BytesAtOnce)
                {
                    await FlushAsync();
                }
            }
        }

        await FlushAsync();
        var found = await import.CountAsync(cancellationToken);
        if (read != count || found != stored)
        {
            throw new ServerFullException(string.Create(
                CultureInfo.InvariantCulture, $"{user.Name} has {count} records there; {read} were read, {stored} stored, and {found} are here. Stop the old server, and run the import again."));
        }

        if (refused > 0)
        {
            tally.RecordsRefused += refused;
            tally.Note(string.Create(CultureInfo.InvariantCulture, $"{user.Name}: {refused} records were left out, since their collection has no name, or they have names that cannot be here"));
        }

        async Task FlushAsync()
        {
            if (pending.Count == 0)
            {
                return;
            }

            await import.AddAsync(pending);
            stored += pending.Count;
            tally.RecordsImported += pending.Count;
            onProgress(tally);
            (pending, bytes) = ([], 0);
        }
    }
}
